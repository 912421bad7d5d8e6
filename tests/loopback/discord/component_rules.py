"""What Discord refuses in the components of a message or a modal."""

from collections.abc import Iterable
from typing import Any

from . import components as tree
from .components import BUTTON, GALLERY, LINK_STYLE, PREMIUM_STYLE, ROW, SELECTS
from .errors import ApiError, invalid_body
from .files import sanitised

Json = dict[str, Any]

MAX_COMPONENTS = 40
MAX_TEXT = 4000
MAX_CUSTOM_ID = 100
MAX_ROWS = 5
MAX_IN_ROW = 5
MAX_OPTIONS = 25
MAX_LABEL = 80
MAX_MODAL_TITLE = 45
MAX_MODAL_PARTS = 5


def check_message(components: list[Json], *, is_v2: bool, filenames: Iterable[str]) -> None:
    """Raise ApiError (50035) for the first rule that a message's components break."""
    everything = list(tree.walk(components))
    if is_v2:
        _check_v2(components, everything, set(filenames))
    else:
        _check_rows(components)
    _check_custom_ids(everything)
    for component in everything:
        _check_one(component)


def check_modal(data: Json) -> None:
    """Raise ApiError (50035) for the first rule that a modal breaks."""
    title, components = data.get("title") or "", data.get("components") or []
    if not 1 <= len(title) <= MAX_MODAL_TITLE:
        raise invalid_body("data.title", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MAX_MODAL_TITLE} in length.")
    if not 1 <= len(data.get("custom_id") or "") <= MAX_CUSTOM_ID:
        raise invalid_body("data.custom_id", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    if not 1 <= len(components) <= MAX_MODAL_PARTS:
        raise invalid_body("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    if any(component["type"] not in (ROW, tree.TEXT, tree.LABEL) for component in components):
        raise invalid_body("data.components", "UNION_TYPE_CHOICES", "This component cannot stand in a modal.")
    _check_custom_ids(list(tree.walk(components)))


def number(components: list[Json]) -> None:
    """Give each component that has none an id, as Discord does."""
    taken = {component.get("id") for component in tree.walk(components)}
    candidate = 1
    for component in tree.walk(components):
        if not component.get("id"):
            while candidate in taken:
                candidate += 1
            component["id"] = candidate
            taken.add(candidate)


def _check_v2(components: list[Json], everything: list[Json], filenames: set[str]) -> None:
    if len(everything) > MAX_COMPONENTS:
        raise invalid_body("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "More than 40 components.")
    if sum(map(len, tree.texts(components))) > MAX_TEXT:
        raise invalid_body(
            "components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "More than 4000 characters of text."
        )
    for component in everything:
        if component["type"] == GALLERY and not 1 <= len(component.get("items", [])) <= 10:
            raise invalid_body("components", "BASE_TYPE_BAD_LENGTH", "A gallery has between 1 and 10 items.")
    known = filenames | {sanitised(name) for name in filenames}
    for name in tree.referenced_names(components):
        if name not in known and sanitised(name) not in known:
            raise invalid_body(
                "components",
                "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
                f"No attachment is called {name!r}.",
            )


def _check_rows(components: list[Json]) -> None:
    if len(components) > MAX_ROWS:
        raise invalid_body("components", "BASE_TYPE_BAD_LENGTH", "Must be 5 or fewer in length.")
    for component in components:
        if component["type"] != ROW:
            raise invalid_body("components", "UNION_TYPE_CHOICES", "Only action rows without IS_COMPONENTS_V2.")


def _check_custom_ids(everything: list[Json]) -> None:
    custom_ids = [component["custom_id"] for component in everything if component.get("custom_id") is not None]
    if len(custom_ids) != len(set(custom_ids)):
        raise invalid_body("components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
    if any(not 1 <= len(custom_id) <= MAX_CUSTOM_ID for custom_id in custom_ids):
        raise invalid_body("components", "BASE_TYPE_BAD_LENGTH", "A custom_id has between 1 and 100 characters.")


def _check_one(component: Json) -> None:
    kind = component["type"]
    if kind == ROW:
        width = sum(MAX_IN_ROW if child["type"] in SELECTS else 1 for child in component.get("components", []))
        if not 1 <= width <= MAX_IN_ROW:
            raise invalid_body("components", "BASE_TYPE_BAD_LENGTH", "A row has 1 to 5 buttons or one select.")
    elif kind == BUTTON:
        _check_button(component)
    elif kind in SELECTS and len(component.get("options") or []) > MAX_OPTIONS:
        raise invalid_body("components", "BASE_TYPE_BAD_LENGTH", "A select has at most 25 options.")


def _check_button(button: Json) -> None:
    style = button.get("style")
    if len(button.get("label") or "") > MAX_LABEL:
        raise invalid_body("components", "BASE_TYPE_BAD_LENGTH", "A label has at most 80 characters.")
    if style == LINK_STYLE:
        wrong = not button.get("url") or bool(button.get("custom_id"))
    elif style == PREMIUM_STYLE:
        wrong = not button.get("sku_id")
    else:
        wrong = not button.get("custom_id") or not (button.get("label") or button.get("emoji"))
    if wrong:
        raise invalid_body("components", "BUTTON_COMPONENT_INVALID", "This button lacks what its style needs.")


__all__ = ["ApiError", "check_message", "check_modal", "number"]
