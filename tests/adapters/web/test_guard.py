"""Who comes in at all, how large a request may be, and how the server holds and leaves its address."""

import asyncio
import errno
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from bot.adapters.web.guard import SECURITY_HEADERS, BodyLimits
from bot.adapters.web.hosts import HostRule, is_loopback
from bot.adapters.web.server import CannotListen, WebServer
from tests.adapters.web.conftest import (
    ANNAS_TOKEN,
    MAX_PICTURE_BYTES,
    OPERATOR_TOKEN,
    RULES,
    TIMEOUT_S,
    OpenSite,
    Site,
    people_with_tokens,
)

# --- hosts

_LOOPBACK = ["localhost", "localhost:8527", "LOCALHOST:1", "127.0.0.1:8527", "127.8.9.1", "[::1]", "[::1]:8527"]
_WITH_TOKENS = [
    "192.168.1.5:8527",
    "[fe80::1]:80",
    "studio",
    "studio.local:8527",
    "bot.example.org",
    "Bot.Example.org:443",
]
_NEVER = [
    "", " ", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:8527", "0x7f000001",
    "localhost@evil.example", "evil.example#localhost", "[::1].evil.example", "localhost:8527:80", "localhost/evil",
    "bot.example.org.evil.example", "http://localhost",
]  # fmt: skip


@pytest.mark.parametrize("needs_login", [False, True])
def test_which_hosts_are_ours(needs_login: bool) -> None:
    """Without tokens only loopback names are; with them also addresses, the machine's name and the configured ones."""
    rule = HostRule(needs_login=needs_login, names=["Bot.example.org"], machine="Studio.fritz.box")
    assert [host for host in _LOOPBACK if not rule.allows(host)] == []
    assert [host for host in _WITH_TOKENS if rule.allows(host) is not needs_login] == []
    assert [host for host in _NEVER if rule.allows(host)] == []


def test_which_addresses_only_this_machine_reaches() -> None:
    """127.0.0.0/8, ::1 and localhost are this machine's own; all else can be reached by others."""
    assert all(map(is_loopback, ("127.0.0.1", "127.0.0.53", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.5", "studio", "")))


async def test_a_name_that_points_to_us_is_refused(site: Site) -> None:
    """A site whose name was made to point to this machine gets 421, whatever it asks for, and a sentence that helps."""
    for path in ("/", "/api/jobs", "/static/api.js", "/healthz"):
        answer = await site.client.get(path, headers={"Host": "evil.example"})
        assert (answer.status_code, answer.json()["code"]) == (421, "foreign_host")
        assert "evil.example" in answer.json()["message"]
        assert "web.hosts" in answer.json()["message"]


# --- sites

_FOREIGN = [
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
    {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},  # another port of localhost
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},  # a form
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost:3000"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
]
_OWN: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost"},
    {},  # no browser: a script
]


async def test_another_site_cannot_write(site: Site) -> None:
    """A page of another origin starts no job, cancels none and pauses nothing, with any method and any form."""
    job = await site.submit()
    await site.renderer.running()
    for headers in _FOREIGN:
        for method, path in (
            ("POST", "/api/jobs"),
            ("DELETE", f"/api/jobs/{job['id']}"),
            ("POST", "/api/admin/commands/pause"),
            ("POST", "/logout"),
            ("PATCH", "/"),
        ):
            answer = await site.client.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "foreign_site"), (method, path, headers)
    assert not site.services.queue.view().paused
    assert len((await site.client.get("/api/jobs")).json()["jobs"]) == 1
    for headers in _OWN:
        assert (await site.client.post("/logout", headers=headers)).status_code == 204


async def test_another_site_can_link_to_the_page_but_not_embed_it(site: Site) -> None:
    """A link from elsewhere opens the page; an image, a script or a stream from elsewhere is refused."""
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    embedding = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert (await site.client.get("/", headers=link)).status_code == 200
    for path in ("/api/events", "/api/jobs", "/static/api.js"):
        assert (await site.client.get(path, headers=embedding)).status_code == 403


async def test_every_answer_carries_the_security_headers(site: Site) -> None:
    """Page, API, errors and refusals of the guard all forbid foreign scripts, frames, embedding and guessed types."""
    answers = [
        await site.client.get("/"),
        await site.client.get("/api/jobs"),
        await site.client.get("/api/nothing"),
        await site.client.get("/", headers={"Host": "evil.example"}),
        await site.client.post("/api/jobs", content=b"", headers={"Content-Length": str(10**9)}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 421, 413]
    for answer in answers:
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == dict(SECURITY_HEADERS)
        assert "access-control-allow-origin" not in answer.headers
    policy = answers[0].headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


# --- logging in


async def test_a_token_is_traded_for_a_cookie(open_site: OpenSite) -> None:
    """Who logs in gets a cookie that no script reads and no other site sends, and who logs out loses it."""
    async with open_site(access=people_with_tokens) as site:
        client = site.client
        assert (await client.get("/api/me")).json()["code"] == "login_needed"
        assert (await client.get("/")).status_code == 200, "the page itself, which asks for the token"
        wrong = await client.post("/login", json={"token": "wrong-token-0123456789"})
        assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_token")
        assert "set-cookie" not in wrong.headers

        right = await client.post("/login", json={"token": f" {ANNAS_TOKEN}\n"})
        cookie = right.headers["set-cookie"]
        assert right.status_code == 204
        assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=2592000"} <= set(cookie.split("; "))
        assert "Secure" not in cookie
        assert ANNAS_TOKEN not in cookie
        assert (await client.get("/api/me")).json()["id"] == "web:anna"
        assert (await client.post("/logout")).status_code == 204
        assert (await client.get("/api/me")).status_code == 401


async def test_an_old_cookie_is_taken_back(open_site: OpenSite) -> None:
    """A cookie that counts no more is deleted by the answer, so that the browser does not send it again."""
    async with open_site(access=people_with_tokens) as site:
        answer = await site.client.get("/api/me", headers={"Cookie": "animate_session=anna.1000.old"})
        assert answer.status_code == 401
        assert 'animate_session=""' in answer.headers["set-cookie"]


async def test_guesses_over_http_are_slowed(open_site: OpenSite) -> None:
    """After a number of wrong tokens the answer is 429 with the time to wait, on the login and in headers alike."""
    async with open_site(access=people_with_tokens) as site:
        statuses = [
            (await site.client.post("/login", json={"token": f"wrong-token-{number:012}"})).status_code
            for number in range(21)
        ]
        assert statuses == [401] * 20 + [429]
        async with site.as_person("wrong-token-9999999999") as guesser, site.as_person(OPERATOR_TOKEN) as operator:
            answer = await guesser.get("/api/jobs")
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
            assert (await operator.get("/api/jobs")).status_code == 429, "even a right one: it could be a guess"


# --- large and slow bodies

_UPLOADER = """
import http.client, sys
pattern, size_bytes = bytes.fromhex(sys.argv[2]), int(sys.argv[3])
head = b'--b\\r\\nContent-Disposition: form-data; name="picture"; filename="p"\\r\\n\\r\\n'
body = head + pattern * (size_bytes // len(pattern)) + b"\\r\\n--b--\\r\\n"
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=60)
connection.request("POST", "/api/jobs", body, {"Content-Type": "multipart/form-data; boundary=b"})
print(connection.getresponse().status)
"""


@pytest.fixture
async def served(open_site: OpenSite) -> AsyncIterator[Site]:
    limits = BodyLimits(MAX_PICTURE_BYTES, max_fields_bytes=100_000, idle_s=0.3, linger_s=0.5)
    async with open_site(is_served=True, limits=limits) as site:
        yield site


class Wire:
    """A connection on which a test writes what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, site: Site) -> "Wire":
        assert site.server is not None
        return cls(*await asyncio.open_connection("127.0.0.1", site.server.port))

    async def begin_upload(self, *headers: str) -> None:
        lines = [
            "POST /api/jobs HTTP/1.1",
            "Host: localhost",
            "Content-Type: multipart/form-data; boundary=b",
            *headers,
        ]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())
        await self.writer.drain()

    async def status(self) -> int:
        async with asyncio.timeout(TIMEOUT_S):
            return int((await self.reader.readline()).split()[1])

    async def is_closed(self) -> bool:
        async with asyncio.timeout(TIMEOUT_S):
            while await self.reader.read(65536):
                pass
        self.writer.close()
        return True


async def test_a_body_that_says_it_is_too_large_is_not_read(served: Site) -> None:
    """An announced length above the limit is 413 at once, before a byte of it has come; the connection ends."""
    for length in (10**9, 10**18):
        wire = await Wire.open(served)
        await wire.begin_upload(f"Content-Length: {length}")
        assert await wire.status() == 413
        assert await wire.is_closed()


async def test_a_body_without_a_length_is_counted(served: Site) -> None:
    """A body in chunks is cut off when it passes the limit, and the sender still gets the answer."""
    wire = await Wire.open(served)
    await wire.begin_upload("Transfer-Encoding: chunked")
    head = b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n'
    piece = b"x" * 50_000
    wire.writer.write(b"%x\r\n%s\r\n" % (len(head), head))
    for _ in range(30):
        wire.writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    assert await wire.status() in (400, 413)
    assert await served.held_mcr() == 0
    wire.writer.close()


async def test_no_other_address_takes_a_large_body(served: Site) -> None:
    """JSON is small: a body of a megabyte is refused wherever no picture is expected."""
    answer = await served.client.post("/api/admin/commands/ban", content=b"x" * 1_000_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 10_000

    headers = {"Content-Type": "application/json"}
    answer = await served.client.post("/login", content=chunks(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_client_that_stands_still_is_sent_away(served: Site) -> None:
    """An upload that stops in the middle holds nobody up, and is ended after the idle time."""
    wire = await Wire.open(served)
    await wire.begin_upload("Content-Length: 1000")
    wire.writer.write(b"--b\r\n")
    await wire.writer.drain()
    assert (await served.client.get("/api/queue")).status_code == 200
    began_s = time.monotonic()
    assert await wire.status() == 400
    assert await wire.is_closed()
    assert time.monotonic() - began_s < 5
    assert await served.held_mcr() == 0


async def test_a_client_that_goes_away_leaves_nothing(served: Site, caplog: pytest.LogCaptureFixture) -> None:
    """An upload whose sender vanishes makes no job and no error in the log."""
    wire = await Wire.open(served)
    await wire.begin_upload("Content-Length: 1000")
    wire.writer.write(b"--b\r\n")
    await wire.writer.drain()
    wire.writer.transport.abort()
    assert (await served.client.get("/api/jobs")).json()["jobs"] == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_reading_a_large_upload_leaves_the_loop_free(open_site: OpenSite) -> None:
    """While megabytes arrive, whatever they hold, nothing else in the loop waits long (p99 below 30 ms of work)."""
    size_bytes = 2_000_000
    limits, rules = BodyLimits(size_bytes), replace(RULES, max_picture_bytes=size_bytes)
    async with open_site(is_served=True, limits=limits, rules=rules) as site:
        for pattern in (b"\xff", b"\r\n--b\r"):
            upload = asyncio.create_task(_upload(site.server.port, pattern, size_bytes))
            turns_s: list[float] = []
            while not upload.done():
                began_s = time.thread_time()  # the loop's own work: what else the machine does is not in it
                await asyncio.sleep(0.001)
                turns_s.append(time.thread_time() - began_s)
            assert await upload == 415
            assert sorted(turns_s)[len(turns_s) * 99 // 100] < 0.03


async def _upload(port: int, pattern: bytes, size_bytes: int) -> int:
    """Send a picture of so many bytes from a process of its own, which takes no turns of this one's interpreter."""
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _UPLOADER, str(port), pattern.hex(), str(size_bytes), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await client.communicate()
    return int(out)


# --- the server


def test_a_taken_port_is_told_before_anything_starts() -> None:
    """A server that cannot have its address says which and why, as an OSError; another one of them is there at once."""
    server = WebServer("127.0.0.1", 0)
    assert server.address == f"http://127.0.0.1:{server.port}/"
    with pytest.raises(CannotListen) as refused:
        WebServer("127.0.0.1", server.port)
    assert refused.value.errno == errno.EADDRINUSE
    assert (refused.value.host, refused.value.port) == ("127.0.0.1", server.port)
    with pytest.raises(CannotListen):
        WebServer("192.0.2.1", 0)  # not ours (RFC 5737)
    asyncio.run(server.stop())


async def test_the_server_leaves_signals_alone_and_its_address_free(open_site: OpenSite) -> None:
    """Starting and stopping changes no signal handler; afterwards the same port can be had again."""
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    async with open_site(is_served=True) as site:
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
        assert (await site.client.get("/healthz")).status_code == 200
        port = site.server.port
    again = WebServer("127.0.0.1", port)
    await again.stop()


async def test_behind_a_proxy_with_https_the_cookie_is_secure(open_site: OpenSite) -> None:
    """A proxy on this machine says that the request came by https, and the cookie stays with https."""
    async with open_site(is_served=True, access=people_with_tokens, host_names=["bot.example.org"]) as site:
        headers = {"Host": "bot.example.org", "X-Forwarded-Proto": "https", "Origin": "https://bot.example.org"}
        answer = await site.client.post("/login", json={"token": ANNAS_TOKEN}, headers=headers)
        assert "Secure" in answer.headers["set-cookie"].split("; ")


async def test_an_ipv6_address_is_written_as_one() -> None:
    """The page's address of ::1 has brackets."""
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    try:
        server = WebServer("::1", 0)
    except CannotListen:
        pytest.skip("this machine has no IPv6 loopback")
    assert httpx.URL(server.address).host == "::1"
    await server.stop()
