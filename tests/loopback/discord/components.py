"""Message components as trees: walking them, reading what a person sees, finding what can be pressed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = (3, 5, 6, 7, 8)
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LABEL, FILE_UPLOAD, RADIO_GROUP, CHECKBOX_GROUP, CHECKBOX = 18, 19, 21, 22, 23
LINK_STYLE, PREMIUM_STYLE = 5, 6
REFERENCE = "attachment://"


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    custom_id: str | None
    disabled: bool
    style: int
    url: str | None
    emoji: str | None


@dataclass(frozen=True, slots=True)
class Select:
    custom_id: str
    placeholder: str
    options: tuple[str, ...]
    chosen: tuple[str, ...]
    disabled: bool


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component, parents before children, in reading order."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        yield from walk([component[key] for key in ("accessory", "component") if component.get(key)])


def texts(components: list[Json]) -> list[str]:
    return [component.get("content", "") for component in walk(components) if component["type"] == TEXT]


def media(components: list[Json]) -> list[Json]:
    """Every media item (a dict with a url) that the components show."""
    found: list[Json] = []
    for component in walk(components):
        if component["type"] == GALLERY:
            found += [item["media"] for item in component.get("items", [])]
        elif component["type"] == THUMBNAIL:
            found.append(component["media"])
        elif component["type"] == FILE:
            found.append(component["file"])
    return found


def referenced_names(components: list[Json]) -> list[str]:
    urls = [str(item.get("url", "")) for item in media(components)]
    return [url.removeprefix(REFERENCE) for url in urls if url.startswith(REFERENCE)]


def buttons(components: list[Json]) -> list[Button]:
    return [
        Button(
            label=component.get("label") or "",
            custom_id=component.get("custom_id"),
            disabled=bool(component.get("disabled")),
            style=component.get("style", 0),
            url=component.get("url"),
            emoji=(component.get("emoji") or {}).get("name"),
        )
        for component in walk(components)
        if component["type"] == BUTTON
    ]


def selects(components: list[Json]) -> list[Select]:
    return [
        Select(
            custom_id=component["custom_id"],
            placeholder=component.get("placeholder") or "",
            options=tuple(option["label"] for option in component.get("options", [])),
            chosen=tuple(option["value"] for option in component.get("options", []) if option.get("default")),
            disabled=bool(component.get("disabled")),
        )
        for component in walk(components)
        if component["type"] in SELECTS
    ]


def find_pressable(components: list[Json], wanted: str) -> Json:
    """The one button or select with this label, placeholder or start of a custom_id.

    AssertionError, with what there is, when there is none, or it cannot be pressed.
    """
    there = [one for one in walk(components) if one["type"] in (BUTTON, *SELECTS) and one.get("custom_id")]
    by_label = [one for one in there if wanted in (one.get("label"), one.get("placeholder"))]
    emoji = [one for one in there if (one.get("emoji") or {}).get("name") == wanted]
    by_id = [one for one in there if one["custom_id"].startswith(wanted)]
    for found in (by_label, emoji, by_id):
        if found:
            assert not found[0].get("disabled"), f"{wanted!r} is greyed out"
            return found[0]
    raise AssertionError(f"nothing to press called {wanted!r}; there is {[_name(one) for one in there]}")


def _name(component: Json) -> str:
    return f"{component.get('label') or component.get('placeholder')} ({component['custom_id']})"
