"""What an operator may rely on when reading the log."""

import asyncio
import io
import json
import logging
import warnings
from pathlib import Path

import httpx
import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from config.log import configure_logging, job_context
from config.redaction import Redactor

TELEGRAM_TOKEN = "123456789:" + "Aa0-_" * 7
DISCORD_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4" + ".GxYz12." + "k-_9" * 9
WEB_TOKEN = 'correct "horse" / bäттery\\staple'

pytestmark = pytest.mark.usefixtures("untouched_logging")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def records(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def configured(log_format: str = "json", level: str = "info", secrets: tuple[str, ...] = ()) -> io.StringIO:
    stream = io.StringIO()
    configure_logging(level, log_format, stream, secrets)
    return stream


# --- one form ---


def test_a_library_line_looks_like_ours() -> None:
    """Both have time, level, logger and event, in the same form."""
    stream = configured()
    structlog.get_logger("bot.worker").info("job taken", steps=3)
    logging.getLogger("some.library").warning("%d retries", 2)
    ours, theirs = records(stream)
    assert (ours["logger"], ours["level"], ours["event"], ours["steps"]) == ("bot.worker", "info", "job taken", 3)
    assert (theirs["logger"], theirs["level"], theirs["event"]) == ("some.library", "warning", "2 retries")
    assert str(ours["timestamp"]).endswith("Z")
    assert str(theirs["timestamp"]).endswith("Z")


def test_auto_is_console_on_a_terminal_and_json_elsewhere() -> None:
    """People get colours, collectors get objects."""
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        configure_logging("info", "auto", stream)
        structlog.get_logger().info("started")
    assert "\x1b[" in terminal.getvalue()
    [line] = records(pipe)
    assert line["event"] == "started"


def test_console_into_a_file_has_no_colours() -> None:
    """The console form is plain text where nobody can see a colour."""
    stream = configured("console")
    structlog.get_logger("bot").info("started", engine="camera")
    assert stream.getvalue().endswith("[info     ] started [bot] engine='camera'\n")


def test_configuring_twice_writes_each_line_once() -> None:
    """The second configuration replaces the first: its stream, its form, its level."""
    first = configured("console", "debug")
    second = configured("json", "warning")
    logger = structlog.get_logger("bot")
    logger.warning("once")
    logger.info("too quiet")
    assert first.getvalue() == ""
    assert [line["event"] for line in records(second)] == ["once"]


def test_a_handler_that_a_library_brought_along_is_gone() -> None:
    """A library that set itself up before us would write every line again, with tokens."""
    theirs, library = io.StringIO(), logging.getLogger("library.with.handler")
    library.addHandler(logging.StreamHandler(theirs))
    library.propagate = False
    stream = configured()
    library.error("once")
    assert theirs.getvalue() == ""
    assert [line["event"] for line in records(stream)] == ["once"]


def test_warnings_of_python_are_log_lines_too() -> None:
    """A library's deprecation warning does not break into the stream by itself."""
    stream = configured()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    [line] = records(stream)
    assert line["logger"] == "py.warnings"


# --- the job's id ---


def test_the_job_id_is_on_every_line_inside_and_on_none_outside() -> None:
    """Ours and the libraries', until the job is done."""
    stream = configured()
    with job_context("j-7"):
        structlog.get_logger().info("ours")
        logging.getLogger("some.library").info("theirs")
    structlog.get_logger().info("after")
    assert [line.get("job") for line in records(stream)] == ["j-7", "j-7", None]


async def test_jobs_at_the_same_time_keep_their_own_ids() -> None:
    """Tasks, and the threads that they hand work to, do not mix up their jobs."""
    stream = configured()
    both_inside = asyncio.Barrier(2)

    async def run(job_id: int) -> None:
        with job_context(job_id):
            await both_inside.wait()
            await asyncio.to_thread(logging.getLogger("library").info, "job %d", job_id)

    await asyncio.gather(run(1), run(2))
    assert sorted((line["event"], line["job"]) for line in records(stream)) == [("job 1", 1), ("job 2", 2)]


# --- secrets ---


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_known_secrets_are_taken_out_wherever_they_stand(log_format: str) -> None:
    """In the event, in values of any depth, in keys, in objects, in URLs and in arguments of library lines."""
    stream = configured(log_format, "debug", secrets=(WEB_TOKEN,))
    logger = structlog.get_logger("bot")
    logger.debug(
        "event %s", WEB_TOKEN, value=WEB_TOKEN, nested={"a": [WEB_TOKEN, {WEB_TOKEN: 1}]}, raw=KeyError(WEB_TOKEN)
    )
    logger.debug("url", url=str(httpx.URL("https://h/", params={"t": WEB_TOKEN})), path=Path(WEB_TOKEN))
    logging.getLogger("library").debug("%r and %s", WEB_TOKEN, {"t": WEB_TOKEN})
    text = stream.getvalue()
    assert text.count("***") >= 9
    assert "horse" not in text
    assert "staple" not in text
    if log_format == "json":
        assert len(records(stream)) == 3


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("token", [TELEGRAM_TOKEN, DISCORD_TOKEN])
def test_what_looks_like_a_token_is_taken_out_though_nobody_named_it(log_format: str, token: str) -> None:
    """Also right behind a letter, a line break, a letter of another alphabet, and inside an escaped text."""
    stream = configured(log_format, "debug")
    for before in ("", "bot", "\n", "é", "\u2028", "\x10", "Bot "):
        logger = structlog.get_logger()
        text = before + token
        logger.debug(text, value=text, escaped=repr(text), nested=[text, {text: 1}])
    assert token not in stream.getvalue()
    assert token[-30:] not in stream.getvalue()
    assert stream.getvalue().count("***") == 35
    if log_format == "json":
        assert len(records(stream)) == 7


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        (f"https://api.telegram.org/bot{TELEGRAM_TOKEN}/getMe", "https://api.telegram.org/bot***/getMe"),
        (f"https://h/?next=bot{TELEGRAM_TOKEN.replace(':', '%3A')}/getMe", "https://h/?next=bot***/getMe"),
        (f"Authorization: Bot {DISCORD_TOKEN}", "Authorization: Bot ***"),
        ("{'Authorization': 'Bearer abc.def-123'}", "{'Authorization': 'Bearer ***'}"),
        (
            "/interactions/123456789012345678/aW50ZXJhY3Rpb246MTIz/callback",
            "/interactions/123456789012345678/***/callback",
        ),
        ("hf_" + "aB3" * 11, "***"),
        ("12:34:56.789 job 123456789: done in 12.5 s", "12:34:56.789 job 123456789: done in 12.5 s"),
        ("MODEL.safetensors.index", "MODEL.safetensors.index"),
    ],
)
def test_tokens_are_known_by_their_shape(text: str, redacted: str) -> None:
    """The tokens of the platforms go, and what only resembles them stays."""
    assert Redactor()(text) == redacted


def test_a_secret_that_is_not_even_text_is_taken_out_of_the_line() -> None:
    """What counts is the line as it is written: a number's digits are as secret as a text's."""
    stream = configured("console", secrets=("1357924680",))
    structlog.get_logger("bot").info("opened", code=1357924680)
    assert stream.getvalue().endswith("opened [bot] code=***\n")


def test_a_secret_that_begins_like_another_leaves_no_rest() -> None:
    """The longer one is taken out whole."""
    assert Redactor(["open sesame", "open sesame and close"])("say open sesame and close") == "say ***"


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_tracebacks_hold_no_secret_and_no_variables(log_format: str) -> None:
    """The exception's text is redacted, its cause too, and the values of local variables are not shown."""
    stream = configured(log_format, "debug", secrets=("swordfish-swordfish",))

    def fail() -> None:
        local_value = "".join(["only", "-in-", "a-", "variable"])
        try:
            raise OSError(f"https://api.telegram.org/bot{TELEGRAM_TOKEN}/getMe for {len(local_value)}")
        except OSError as error:
            raise RuntimeError("\n".join(["swordfish-swordfish", TELEGRAM_TOKEN])) from error

    for logger in (structlog.get_logger(), logging.getLogger("library")):
        try:
            fail()
        except RuntimeError:
            logger.exception("failed")
    text = stream.getvalue()
    assert text.count("RuntimeError: ***") == 2
    assert "in fail" in text
    assert TELEGRAM_TOKEN not in text
    assert "swordfish-swordfish\n" not in text
    assert "only-in-a-variable" not in text


async def test_httpx_urls_are_not_logged_at_all() -> None:
    """httpx writes each URL at INFO; even at debug it stays silent, as Telegram's URLs hold the token."""
    stream = configured("json", "debug")
    transport = httpx.MockTransport(lambda request: httpx.Response(200))
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get(f"https://api.telegram.org/bot{TELEGRAM_TOKEN}/getMe")
    assert [line for line in records(stream) if str(line["logger"]).startswith("http")] == []
    logging.getLogger("httpx").warning("HTTP Request: POST https://h/bot%s/getMe", TELEGRAM_TOKEN)
    assert records(stream)[-1]["event"] == "HTTP Request: POST https://h/bot***/getMe"


def test_httpx_is_no_louder_than_everybody_else() -> None:
    """Where only errors are wanted, its warnings are not written."""
    stream = configured("json", "error")
    logging.getLogger("httpx").warning("slow")
    assert stream.getvalue() == ""


def test_a_record_that_cannot_be_rendered_does_not_spill_its_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    """A library's faulty call leaves one line that says where it is, and nothing on the error stream."""
    stream = configured()
    logging.getLogger("library").error("one %s, two %s", TELEGRAM_TOKEN)
    [line] = records(stream)
    assert "test_log.py" in str(line["event"])
    assert TELEGRAM_TOKEN not in stream.getvalue() + capsys.readouterr().err


def test_a_closed_stream_stops_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever writes a line does not learn that the log is gone."""
    stream = configured()
    stream.close()
    structlog.get_logger().info("unheard")
    assert capsys.readouterr().err == ""


# --- one record, one line ---


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=30), st.sampled_from(["json", "console"]))
def test_whatever_people_write_stays_on_one_line(text: str, log_format: str) -> None:
    """No text, in the event or beside it, from us or a library, begins a line of its own or reaches the terminal."""
    stream = configured(log_format)
    structlog.get_logger().info(text, prompt=text, more=[text], **{f"name {text}": text})
    logging.getLogger("library").info("%s", text)
    lines = stream.getvalue().splitlines(keepends=True)
    assert len(lines) == 2
    assert all(line[:-1].isprintable() for line in lines)


def test_a_forged_line_in_an_exception_stands_indented() -> None:
    """On the console a traceback has lines, and none of them can pass for a record."""
    stream = configured("console")
    try:
        raise ValueError("bad\n2026-01-01T00:00:00Z [info     ] quota granted\x1b[2J")
    except ValueError:
        structlog.get_logger().exception("failed")
    record, *traceback_lines = stream.getvalue().splitlines()
    assert "failed" in record
    assert len(traceback_lines) >= 4
    assert all(line.startswith("    ") and line.isprintable() for line in traceback_lines)


def test_a_stream_that_knows_only_ascii_gets_every_line() -> None:
    """Letters that the stream has not are written as escapes."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    configure_logging("info", "console", stream)
    structlog.get_logger().info("кот", cat="猫")
    assert rb"\u043a\u043e\u0442" in raw.getvalue()


def test_bytes_and_odd_values_do_not_break_a_line() -> None:
    """A picture in a log call is written as its size, a number that JSON has not as a text."""
    stream = configured()
    structlog.get_logger().info("odd", picture=b"\x89PNG" * 1000, share=float("nan"), where=Path("/x"), kinds={"a"})
    [line] = records(stream)
    assert (line["picture"], line["share"], line["where"], line["kinds"]) == ("<4000 bytes>", "nan", "/x", ["a"])
