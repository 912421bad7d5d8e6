"""Log lines of ours and of libraries, in one form: one record is one line, with the job's id and without tokens.

Ours come from ``structlog.get_logger()``, the libraries' from ``logging``; both end in one handler on the root logger.
"""

import json
import logging
import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import PurePath
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from config.redaction import Redactor

#: httpx writes every URL at INFO, and a URL of Telegram's holds the token.
_NEVER_BELOW_WARNING = ("httpx", "httpcore")

_TRACEBACK_KEYS = ("exception", "stack")
_TRACEBACK_INDENT = "    "


def configure_logging(level: str, log_format: str, stream: TextIO, secrets: Iterable[str] = ()) -> None:
    """Send every log line of this process to ``stream``, and nowhere else; a second call replaces the first.

    ``level`` is debug, info, warning, error or critical; ``log_format`` is console, json, or auto: console where
    ``stream`` is a terminal. ``secrets`` are taken out of whatever is written, and so is what looks like a token.
    """
    redact = Redactor(secrets)
    is_terminal = stream.isatty()
    is_console = log_format == "console" or (log_format == "auto" and is_terminal)
    level_number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering = _console(redact, colors=is_terminal) if is_console else _json(redact)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,  # the plain traceback: source lines, no values of variables
            *rendering,
        ],
    )
    _become_the_only_handler(_RedactingHandler(stream, formatter, redact), level_number)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


@contextmanager
def job_context(job_id: str | int) -> Iterator[None]:
    """Put ``job`` on every line that is written inside, by whomever, in this task and in those that it starts."""
    with structlog.contextvars.bound_contextvars(job=job_id):
        yield


class _RedactingHandler(logging.StreamHandler[TextIO]):
    """Writes rendered lines without secrets, and never the arguments of a record that cannot be rendered."""

    def __init__(self, stream: TextIO, formatter: logging.Formatter, redact: Redactor) -> None:
        super().__init__(stream)
        self.setFormatter(formatter)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        line = self._redact(super().format(record))
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        return line.encode(encoding, "backslashreplace").decode(encoding)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's name)
        # logging's own would print message and arguments as they are.
        cause = type(sys.exception()).__name__
        message = f"a log record from {record.filename}:{record.lineno} could not be written: {cause}"
        stand_in = logging.LogRecord(record.name, logging.ERROR, record.pathname, record.lineno, message, (), None)
        with suppress(OSError, ValueError):  # a full disk or a closed stream: there is nobody left to tell
            self.stream.write(self.format(stand_in) + self.terminator)
            self.flush()


def _become_the_only_handler(handler: logging.Handler, level: int) -> None:
    # A handler that a library brought along would write the same line again, unredacted.
    libraries = [logger for logger in logging.Logger.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    for logger in libraries:
        logger.handlers.clear()
        logger.propagate = True
    for name in _NEVER_BELOW_WARNING:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)


def _json(redact: Redactor) -> list[Processor]:
    def plain(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        return _plain_items(event, redact)

    return [plain, structlog.processors.JSONRenderer(serializer=json.dumps)]


def _console(redact: Redactor, *, colors: bool) -> list[Processor]:
    def plain(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        lines = {_visible(key): value for key, value in _plain_items(event, redact).items()}
        lines["event"] = _visible(str(lines.get("event", "")))
        for key in _TRACEBACK_KEYS:
            if key in lines:
                # Indented, so that a line of an exception's text cannot pass for a record.
                lines[key] = "\n".join(_TRACEBACK_INDENT + _visible(line) for line in str(lines[key]).split("\n"))
        return lines

    renderer = structlog.dev.ConsoleRenderer(
        colors=colors,
        pad_event_to=0,
        repr_native_str=True,  # repr escapes what could forge a line
        exception_formatter=structlog.dev.plain_traceback,
        sort_keys=False,
    )
    return [plain, renderer]


def _plain_items(items: Mapping[Any, object], redact: Redactor) -> dict[str, object]:
    return {redact(str(key)): _plain(value, redact) for key, value in items.items()}


def _plain(value: object, redact: Redactor) -> object:
    """The value as JSON knows it, its texts redacted: once escaped, a token may no longer look like one."""
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, str):
        return redact(str(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return _plain_items(value, redact)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner, redact) for inner in value]
    return redact(str(value) if isinstance(value, PurePath) else repr(value))


def _visible(text: str) -> str:
    """The text with everything escaped that could end the line or move the cursor, as ``repr`` does it."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
