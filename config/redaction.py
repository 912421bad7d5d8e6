"""Takes tokens out of text that is about to be shown: log lines, error messages."""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

REDACTED = "***"

#: What tokens look like, for those that nobody told us about. None begins with a word boundary: in ``/bot123:AA`` and
#: in an escaped ``\n123:AA`` a letter stands right before the token.
_TOKEN_SHAPES = (
    # Telegram: bot id, colon, 35 characters. No upper limit on the digits, or a longer run would hide the token.
    (re.compile(r"(?<!\d)\d{6,}(?::|%3[Aa])[\w-]{30,}"), REDACTED),
    # Discord: base64 of the bot's id (whose first digit makes it begin with M, N or O), time, signature.
    (re.compile(r"[MNO][\w-]{22,29}\.[\w-]{5,8}\.[\w-]{25,}"), REDACTED),
    # Discord's interaction and webhook tokens, which stand in the path of a URL.
    (re.compile(r"(/(?:webhooks|interactions)/\d{15,20}/)[\w-]{20,}"), rf"\1{REDACTED}"),
    (re.compile(r"(bearer\s+)[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1{REDACTED}"),
    (re.compile(r"hf_[A-Za-z0-9]{30,}"), REDACTED),  # Hugging Face
)


class Redactor:
    """Replaces the given secrets, and whatever looks like a token, by ``***``."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # The longest first: a secret may be the beginning of another.
        longest_first = sorted({secret for secret in secrets if secret}, key=len, reverse=True)
        self._known = re.compile("|".join(map(_in_any_spelling, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        for shape, replacement in _TOKEN_SHAPES:
            text = shape.sub(replacement, text)
        return text


def _in_any_spelling(secret: str) -> str:
    """A pattern for a secret as it stands plainly, in a URL, in JSON and in a ``repr``.

    By character, because encoders differ in what they leave alone: in the query of a URL ``/`` may stand as it is.
    """
    return "".join(f"(?:{'|'.join(map(re.escape, _spellings(character)))})" for character in secret)


def _spellings(character: str) -> set[str]:
    in_url = quote_plus(character, safe="")
    return {
        character,
        in_url,
        in_url.lower(),
        quote(character, safe=""),
        json.dumps(character)[1:-1],
        repr(character)[1:-1],
    }
