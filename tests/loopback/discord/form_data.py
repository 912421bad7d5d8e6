"""A form filled in: what a person's app sends when they press Submit, and what it does not let them submit."""

from typing import Any

from .command_data import Assembly
from .components import CHECKBOX, CHECKBOX_GROUP, FILE_UPLOAD, LABEL, RADIO_GROUP, STRING_SELECT, TEXT, TEXT_INPUT
from .files import Upload
from .invoking import NotOffered
from .people import Role, User
from .places import Channel
from .sent import Modal

Json = dict[str, Any]

_MAX_TEXT_INPUT = 4000


def submitted(modal: Modal, values: Json, assembly: Assembly) -> Json:
    """The data of the submission; values are named by label or custom_id, what is not named stays as it was opened."""
    left = dict(values)
    parts = []
    for part in modal.data["components"]:
        if part["type"] == LABEL:
            inner = _filled(part["component"], part["label"], left, assembly)
            parts.append({"type": LABEL, "id": part["id"], "component": inner})
        elif part["type"] == TEXT:
            parts.append({"type": TEXT, "id": part["id"]})
        else:
            inside = [_filled(one, one.get("label") or "", left, assembly) for one in part["components"]]
            parts.append({"type": part["type"], "id": part["id"], "components": inside})
    if left:
        raise NotOffered(f"no field {sorted(left)} in {modal.title!r}; there is {list(modal.fields)}")
    return {"custom_id": modal.custom_id, "components": parts, "resolved": assembly.resolved}


def chosen(component: Json, values: list[Any], assembly: Assembly) -> list[str]:
    """The values of a select; options may be named by label or value."""
    return [_one_choice(component, value, assembly) for value in values]


def _filled(component: Json, label: str, left: Json, assembly: Assembly) -> Json:
    kind, custom_id = component["type"], component["custom_id"]
    key = next((name for name in (label, custom_id) if name in left), None)
    given = left.pop(key) if key is not None else None
    body = {"type": kind, "id": component["id"], "custom_id": custom_id}
    if kind == TEXT_INPUT:
        return body | {"value": _text(component, label, given)}
    if kind == CHECKBOX:
        return body | {"value": bool(component.get("default")) if given is None else bool(given)}
    if given is None:
        items = [one["value"] for one in component.get("options") or [] if one.get("default")]
    else:
        items = list(given) if isinstance(given, list | tuple) else [given]
    if kind == FILE_UPLOAD:
        if not all(isinstance(one, Upload) for one in items):
            raise NotOffered(f"{label!r} takes files")
        picked = [assembly.upload(one) for one in items]
    else:
        picked = chosen(component, items, assembly)
    _check_count(component, label, len(picked))
    if kind == RADIO_GROUP:
        return body | {"value": picked[0] if picked else None}
    return body | {"values": picked}


def _text(component: Json, label: str, given: Any) -> str:
    text = str(component.get("value") or "") if given is None else str(given)
    least, most = component.get("min_length") or 0, component.get("max_length") or _MAX_TEXT_INPUT
    is_required = component.get("required", True)
    if (is_required and not text) or (text and len(text) < least) or len(text) > most:
        raise NotOffered(f"{label!r} takes {least} to {most} characters{', and must be filled in' * is_required}")
    return text


def _check_count(component: Json, label: str, count: int) -> None:
    if not component.get("required", True) and count == 0:
        return
    least = component.get(
        "min_values", 0 if component["type"] == CHECKBOX_GROUP and not component.get("required") else 1
    )
    most = component.get("max_values") or max(1, len(component.get("options") or []) if _is_many(component) else 1)
    if not max(least or 0, int(component.get("required", True))) <= count <= most:
        raise NotOffered(f"{label!r} takes {least} to {most} values, not {count}")


def _is_many(component: Json) -> bool:
    return bool(component["type"] == CHECKBOX_GROUP)


def _one_choice(component: Json, value: Any, assembly: Assembly) -> str:
    if isinstance(value, User):
        return assembly.user(value)
    if isinstance(value, Role):
        return assembly.role(value)
    if isinstance(value, Channel):
        return assembly.place(value)
    if component["type"] not in (STRING_SELECT, RADIO_GROUP, CHECKBOX_GROUP):
        raise NotOffered(f"{value!r} cannot be chosen there")
    for option in component.get("options") or []:
        if str(value) in (option["label"], option["value"]):
            return str(option["value"])
    raise NotOffered(f"no choice {value!r}; there is {[one['label'] for one in component.get('options') or []]}")
