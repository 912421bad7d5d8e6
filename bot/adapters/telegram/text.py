"""Text with its marks beside it: what people wrote goes out as it is, and means nothing to Telegram's parsers."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from telegram import MessageEntity, User
from telegram.constants import MessageEntityDateTimeFormats, MessageEntityType

# In units of UTF-16, as all that Telegram says of places and lengths in a text.
MAX_TEXT_UNITS = 4096
MAX_CAPTION_UNITS = 1024
MAX_ALERT_CHARACTERS = 200

_ELLIPSIS = "…"
#: Cc: controls; Cf: joiners, and marks of direction, which can turn the order of the letters around them; Cs: halves.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
_ZERO_WIDTH_JOINER = "\u200d"  # holds the parts of an emoji together


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A text of a message and its marks. Two are equal where they look the same."""

    text: str
    entities: tuple[MessageEntity, ...] = ()

    def __add__(self, other: "Text") -> "Text":
        return Text(self.text + other.text, (*self.entities, *MessageEntity.shift_entities(self.units, other.entities)))

    def __bool__(self) -> bool:
        return bool(self.text)

    def __eq__(self, other: object) -> bool:
        # The library's entities are equal where only their places are: another link or another time looks different.
        return isinstance(other, Text) and self._looks() == other._looks()

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def units(self) -> int:
        """How long Telegram says that it is."""
        return _units(self.text)

    def shortened(self, max_units: int) -> "Text":
        """Return it with at most so many units, with an ellipsis where something is missing, and no mark beyond."""
        if self.units <= max_units:
            return self
        kept = _trimmed(_first(self.text, max_units - 1))
        end = _units(kept)
        marks = (_cut(entity, end) for entity in self.entities if entity.offset < end)
        return Text(kept + _ELLIPSIS, tuple(marks))

    def _looks(self) -> tuple[str, list[dict[str, object]]]:
        return self.text, [entity.to_dict() for entity in self.entities]


def plain(text: str) -> Text:
    """Return a text without marks; half a character, which no request could carry, becomes a question mark."""
    return Text(text.encode("utf-8", "replace").decode("utf-8"))


def bold(text: str) -> Text:
    """Return a bold text."""
    return _marked(text, MessageEntityType.BOLD)


def italic(text: str) -> Text:
    """Return an italic text."""
    return _marked(text, MessageEntityType.ITALIC)


def code(text: str) -> Text:
    """Return a text in the letters of a terminal; a tap copies it."""
    return _marked(text, MessageEntityType.CODE)


def block(text: str) -> Text:
    """Return a block of its own in the letters of a terminal, with a button that copies it."""
    return _marked(text, MessageEntityType.PRE)


def link(text: str, url: str) -> Text:
    """Return a text that leads to an address."""
    return _marked(text, MessageEntityType.TEXT_LINK, url=url)


def mention(name: str, user_id: int) -> Text:
    """Return a name that calls a person, whether they have a username or not."""
    return _marked(name, MessageEntityType.TEXT_MENTION, user=User(user_id, name, is_bot=False))


def instant(unix_s: float, fallback: str) -> Text:
    """Return a time that each reader's device shows as far away from now; older ones show ``fallback``."""
    return _marked(
        fallback,
        MessageEntityType.DATE_TIME,
        date_time_format=MessageEntityDateTimeFormats.RELATIVE,
        unix_time=datetime.fromtimestamp(int(unix_s), UTC),
    )


def lines(*texts: Text) -> Text:
    """Return texts below each other; an empty one is an empty line."""
    return joined(plain("\n"), texts)


def joined(between: Text, texts: Iterable[Text]) -> Text:
    """Return texts one after the other with something in between."""
    whole = Text("")
    for number, text in enumerate(texts):
        whole = whole + between + text if number else text
    return whole


def visible(text: str, max_characters: int) -> str:
    """Return what a person wrote, made safe to show in one line: nothing invisible, at most so many characters."""
    seen = "".join(" " if c.isspace() else c for c in text if c.isspace() or c == _ZERO_WIDTH_JOINER or _is_visible(c))
    line = " ".join(seen.split())
    return line if len(line) <= max_characters else _trimmed(line[: max_characters - 1]) + _ELLIPSIS


def _marked(
    text: str,
    kind: MessageEntityType,
    *,
    url: str | None = None,
    user: User | None = None,
    date_time_format: str | None = None,
    unix_time: datetime | None = None,
) -> Text:
    whole = plain(text)
    if not whole:  # Telegram refuses a mark of nothing
        return whole
    entity = MessageEntity(
        kind, 0, whole.units, url=url, user=user, date_time_format=date_time_format, unix_time=unix_time
    )
    return Text(whole.text, (entity,))


def _cut(entity: MessageEntity, end: int) -> MessageEntity:
    return MessageEntity(
        entity.type,
        entity.offset,
        min(entity.length, end - entity.offset),
        url=entity.url,
        user=entity.user,
        language=entity.language,
        custom_emoji_id=entity.custom_emoji_id,
        date_time_format=entity.date_time_format,
        unix_time=entity.unix_time,
    )


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _first(text: str, max_units: int) -> str:
    """The longest beginning of so many units; a pair of surrogates stays whole."""
    return text.encode("utf-16-le", "surrogatepass")[: 2 * max(max_units, 0)].decode("utf-16-le", "ignore")


def _trimmed(text: str) -> str:
    """The text without a space or half an emoji at its end."""
    return text.rstrip().rstrip(_ZERO_WIDTH_JOINER)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in _INVISIBLE
