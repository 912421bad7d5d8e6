"""The page's API: jobs from the upload to the video, what is refused and how, and what an operator may do."""

import io
from dataclasses import replace
from typing import Any

import httpx
import pytest
from PIL import Image

from bot.adapters.web.access import LOCAL
from bot.adapters.web.errors import STATUSES
from bot.domain.credits import Limit
from bot.domain.messages import sentence
from bot.domain.refusals import RefusalCode
from bot.service.limits import QueueLimits
from bot.service.quotas import QuotaLimits
from generation.errors import EngineUnavailable, ErrorCode, RenderRefused
from tests.adapters.web.conftest import (
    ANNAS_TOKEN,
    BENS_TOKEN,
    MAX_PICTURE_BYTES,
    OPERATOR_TOKEN,
    RULES,
    STILL,
    VIDEO,
    OpenSite,
    Site,
    people_with_tokens,
    progress,
)

JOB_PARTS = ("video", "poster", "picture", "end-picture", "still", "events")


def a_picture(width_px: int = 96, height_px: int = 64, picture_format: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width_px, height_px), (90, 120, 40)).save(out, picture_format)
    return out.getvalue()


# --- a job


async def test_a_picture_and_a_sentence_become_a_video(site: Site) -> None:
    """What is uploaded is accepted, watched while it renders, and fetched as a video when it is delivered."""
    answer = await site.client.post(
        "/api/jobs", files={"picture": ("cat.png", site.picture)}, data={"prompt": "it yawns", "seed": "7", "fps": ""}
    )
    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/api/jobs/{job['id']}"
    assert job["prompt"] == "it yawns"
    assert job["options"] == {"seed": "7"}
    assert (job["seed"], job["price"], job["credits"], job["error"]) == (7, 1.0, "held", None)

    listener = await site.renderer.running()
    listener.on_progress(progress(3))
    listener.on_still(STILL)
    running = (await site.client.get(f"/api/jobs/{job['id']}")).json()
    assert (running["status"], running["phase"], running["step"], running["steps"]) == ("running", "draw", 3, 10)
    assert running["still"] == 1
    assert (await site.client.get(f"/api/jobs/{job['id']}/still")).content == STILL
    assert (await site.client.get(f"/api/jobs/{job['id']}/video")).status_code == 409

    site.renderer.finish()
    await site.status(job["id"], "delivered")
    delivered = (await site.client.get(f"/api/jobs/{job['id']}")).json()
    assert (delivered["credits"], delivered["has_video"], delivered["used_ai"]) == ("used", True, False)
    assert (delivered["video_bytes"], delivered["render_seconds"]) == (len(VIDEO), 1.5)
    assert (await site.client.get(f"/api/jobs/{job['id']}/video")).content == VIDEO
    assert (await site.client.get(f"/api/jobs/{job['id']}/poster")).content == STILL
    assert (await site.client.get(f"/api/jobs/{job['id']}/picture")).headers["content-type"] == "image/png"
    assert (await site.client.get(f"/api/jobs/{job['id']}/still")).status_code == 404


async def test_a_job_is_made_again_with_changes(site: Site) -> None:
    """Again takes the old picture and options, what is changed, and a new seed where none is given."""
    first = await site.submit(prompt="it yawns", camera="push-in", seed="7")
    again = f"/api/jobs/{first['id']}/again"
    same = (await site.client.post(again)).json()
    changed = (await site.client.post(again, json={"prompt": "it sleeps", "seed": 8, "camera": None})).json()
    assert (same["prompt"], same["options"]["camera"]) == ("it yawns", "push-in")
    assert same["seed"] != 7
    assert (changed["prompt"], changed["seed"]) == ("it sleeps", 8)
    assert "camera" not in changed["options"]
    site.files.delete_pictures(first["id"])
    gone = await site.client.post(again)
    assert (gone.status_code, gone.json()["code"]) == (410, "picture_gone")


async def test_a_job_is_cancelled_once(site: Site) -> None:
    """A waiting job that is cancelled gives its credits back; cancelling it again is refused."""
    job = await site.submit()
    cancelled = await site.client.delete(f"/api/jobs/{job['id']}")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert cancelled.json()["credits"] == "returned"
    second = await site.client.delete(f"/api/jobs/{job['id']}")
    assert (second.status_code, second.json()["code"]) == (409, "already_ended")


async def test_a_job_that_failed_says_why(site: Site) -> None:
    """A failed job carries the code and the sentence of what went wrong."""
    job = await site.submit()
    site.renderer.finish(RenderRefused(ErrorCode.OUT_OF_MEMORY))
    await site.status(job["id"], "failed")
    failed = (await site.client.get(f"/api/jobs/{job['id']}")).json()
    assert failed["error"]["code"] == "out_of_memory"
    assert "Please" in failed["error"]["message"]
    assert failed["credits"] == "returned"


async def test_the_list_of_jobs_comes_in_pages(site: Site) -> None:
    """The newest jobs come first; ``next`` leads to the older ones until there are none."""
    ids = [(await site.submit())["id"] for _ in range(3)]
    first = (await site.client.get("/api/jobs?limit=2")).json()
    assert [job["id"] for job in first["jobs"]] == [ids[2], ids[1]]
    second = (await site.client.get(f"/api/jobs?limit=2&before={first['next']}")).json()
    assert ([job["id"] for job in second["jobs"]], second["next"]) == ([ids[0]], None)


async def test_the_same_key_is_the_same_job(site: Site) -> None:
    """A request that is sent twice with one Idempotency-Key is one job; so is one for the same again."""
    answers = [
        await site.client.post("/api/jobs", files={"picture": site.picture}, headers={"Idempotency-Key": "k1"})
        for _ in range(2)
    ]
    assert len({answer.json()["id"] for answer in answers}) == 1
    job_id = answers[0].json()["id"]
    again = [
        await site.client.post(f"/api/jobs/{job_id}/again", json={}, headers={"Idempotency-Key": "k2"})
        for _ in range(2)
    ]
    assert len({answer.json()["id"] for answer in again}) == 1
    assert len((await site.client.get("/api/jobs")).json()["jobs"]) == 2


async def test_pictures_of_all_usual_formats_are_taken(site: Site) -> None:
    """What the file is called and said to be does not matter: its bytes decide."""
    for picture_format in ("JPEG", "WEBP", "GIF", "AVIF"):
        file = ("x.exe", a_picture(picture_format=picture_format), "text/html")
        answer = await site.client.post("/api/jobs", files={"picture": file, "end_picture": ("", b"")})
        assert answer.status_code == 202, picture_format
        assert answer.json()["has_end_picture"] is False


async def test_an_end_picture_is_kept_beside_the_start(site: Site) -> None:
    """A second picture is where the video ends; it can be fetched like the first."""
    files = {"picture": site.picture, "end_picture": a_picture()}
    job = (await site.client.post("/api/jobs", files=files)).json()
    assert job["has_end_picture"] is True
    assert (await site.client.get(f"/api/jobs/{job['id']}/end-picture")).content.startswith(b"\x89PNG")


# --- bad input

_PICTURE = {"picture": ("a.png", a_picture())}
_BAD_INPUT: list[tuple[dict[str, Any], int, str, str | None]] = [
    ({"files": {"picture": b"x" * (MAX_PICTURE_BYTES + 1)}}, 413, "picture_too_many_bytes", "picture"),
    ({"files": {**_PICTURE, "end_picture": b"x" * 400_000}}, 413, "picture_too_many_bytes", "end_picture"),
    ({"files": {"picture": b"no picture at all, just words"}}, 415, "picture_unknown_format", "picture"),
    ({"files": {"picture": a_picture()[:-60]}}, 422, "picture_broken", "picture"),
    ({"files": {"picture": a_picture(20, 20)}}, 422, "picture_too_small", "picture"),
    ({"files": {"picture": a_picture(1000, 100)}}, 422, "picture_too_narrow", "picture"),
    ({"files": {"picture": ("", b"")}}, 422, "no_picture", "picture"),
    ({"files": {"other": b""}}, 422, "no_picture", "picture"),
    ({"files": _PICTURE, "data": {"seed": "12.5"}}, 422, "not_a_whole_number", "seed"),
    ({"files": _PICTURE, "data": {"seconds": "1e400"}}, 422, "not_a_number", "seconds"),
    ({"files": _PICTURE, "data": {"seconds": "99"}}, 422, "out_of_range", "seconds"),
    ({"files": _PICTURE, "data": {"width": "100"}}, 422, "not_a_multiple", "width"),
    ({"files": _PICTURE, "data": {"camera": "backflip"}}, 422, "not_a_choice", "camera"),
    ({"files": _PICTURE, "data": {"steps": "30"}}, 422, "not_supported", "steps"),
    ({"files": _PICTURE, "data": {"sed": "7"}}, 422, "unknown_option", "sed"),
    ({"files": {**_PICTURE, "picture2": b"x"}}, 422, "unknown_option", "picture2"),
    ({"files": _PICTURE, "data": {"seed": ["7", "8"]}}, 422, "option_given_twice", "seed"),
    ({"files": [("picture", a_picture()), ("picture", a_picture())]}, 422, "option_given_twice", "picture"),
    ({"files": _PICTURE, "data": {"prompt": "x" * 2001}}, 422, "text_too_long", "prompt"),
    ({"files": _PICTURE, "data": {"prompt": "a\x00b"}}, 422, "text_has_control_characters", "prompt"),
    ({"files": {**_PICTURE, "prompt": b"a file"}}, 400, "malformed_request", None),
    ({"files": {**_PICTURE, "picture3": (None, b"\xff\xfe")}}, 400, "malformed_request", None),
    ({"files": {**_PICTURE, "end_picture": (None, b"text")}}, 400, "malformed_request", None),
    ({"files": {**_PICTURE, "prompt": (None, b"x" * 1_200_000)}}, 400, "malformed_request", None),
    ({"files": {**_PICTURE, **{f"o{n}": (None, b"1") for n in range(80)}}}, 400, "malformed_request", None),
    ({"json": {"picture": "…"}}, 400, "malformed_request", None),
    ({"content": b"", "headers": {"Content-Type": "multipart/form-data"}}, 400, "malformed_request", None),
    (
        {"content": b"--b\r\nbroken", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
        400,
        "malformed_request",
        None,
    ),
    (
        {
            "content": b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nhalf a',
            "headers": {"Content-Type": "multipart/form-data; boundary=b"},
        },
        400,
        "malformed_request",
        None,
    ),
    ({"files": _PICTURE, "headers": {"Idempotency-Key": "k" * 201}}, 422, "malformed_request", None),
]


async def test_bad_input_is_refused_in_one_sentence_and_nothing_is_held(site: Site) -> None:
    """Whatever is wrong with an upload ends in its status, code and field, one sentence, and no trace."""
    for request, status, code, field in _BAD_INPUT:
        answer = await site.client.post("/api/jobs", **request)
        error = answer.json()
        assert (answer.status_code, error["code"], error.get("field")) == (status, code, field), (request, error)
        assert error["message"].rstrip("?")[-1] in ".…" or error["message"].endswith("?")
    assert (await site.client.get("/api/jobs")).json()["jobs"] == []
    assert await site.held_mcr() == 0
    assert site.files.used_bytes() == 0
    assert site.renderer.requests == []


async def test_every_no_of_the_bot_has_its_status(open_site: OpenSite) -> None:
    """Ban, pause, drain, full queue, too many, too fast, too dear and a full disk are told apart, and hold nothing."""

    async def refused(site: Site) -> tuple[int, str, str | None]:
        answer = await site.client.post("/api/jobs", files={"picture": site.picture})
        return answer.status_code, answer.json()["code"], answer.headers.get("retry-after")

    async def command(site: Site, name: str, **arguments: str) -> None:
        answer = await site.client.post(
            f"/api/admin/commands/{name}", json=arguments, headers={"Authorization": f"Bearer {OPERATOR_TOKEN}"}
        )
        assert answer.status_code == 200, answer.text

    tight = replace(
        RULES,
        queue=QueueLimits(max_waiting_per_person=1, max_waiting=2, requests_per_minute=10, min_free_bytes=0),
        quota=QuotaLimits(person=Limit(2_500, 1_000)),
    )
    async with open_site(access=people_with_tokens, rules=tight) as site:
        site.client.headers["Authorization"] = f"Bearer {ANNAS_TOKEN}"
        await command(site, "pause")
        assert await refused(site) == (503, "paused", None)
        await command(site, "drain")
        assert await refused(site) == (503, "stopping", None)
        await command(site, "resume")
        await command(site, "ban", person="web:anna", reason="spam")
        assert await refused(site) == (403, "banned", None)
        await command(site, "unban", person="web:anna")
        await site.submit()
        await site.renderer.running()
        await site.submit()
        assert await refused(site) == (429, "too_many_waiting", None)
        site.renderer.finish()
        await site.renderer.running()
        status, code, retry_after = await refused(site)
        assert (status, code) == (429, "no_credits")
        assert int(retry_after or 0) > 3600
        async with site.as_person(BENS_TOKEN) as ben, site.as_person(OPERATOR_TOKEN) as operator:
            await site.submit(ben)
            await site.submit(operator)
            await command(site, "grant", person="web:anna", credits="5")
            assert await refused(site) == (503, "queue_full", None)
        while (answer := await refused(site))[1] == "queue_full":
            pass
        assert (answer[0], answer[1]) == (429, "too_fast")
        assert int(answer[2] or 0) <= 6
        assert len((await site.client.get("/api/jobs")).json()["jobs"]) == 2
        site.renderer.finish()


async def test_a_nearly_full_disk_takes_nothing_new(open_site: OpenSite) -> None:
    """Where too little disk is left, a request is refused with 507."""
    rules = replace(RULES, queue=replace(RULES.queue, min_free_bytes=10**18))
    async with open_site(rules=rules) as site:
        answer = await site.client.post("/api/jobs", files={"picture": site.picture})
        assert (answer.status_code, answer.json()["code"]) == (507, "disk_nearly_full")


async def test_an_engine_that_cannot_run_is_told_before_anything_is_sent(open_site: OpenSite) -> None:
    """Offer and readiness say that no video can be made and why; an upload is refused with 503."""
    failure = EngineUnavailable(ErrorCode.NO_FFMPEG, path="/nowhere")
    async with open_site(engine_failure=failure) as site:
        await site.queue(lambda queue: queue.notice is not None)
        offer, ready = await site.client.get("/api/offer"), await site.client.get("/readyz")
        assert (offer.json()["ready"], offer.json()["notice"]) == (False, sentence(failure))
        assert ready.status_code == 503
        assert ready.json() == {"ready": False, "engine": "camera", "message": sentence(failure)}
        answer = await site.client.post("/api/jobs", files={"picture": site.picture})
        assert (answer.status_code, answer.json()["code"]) == (503, "engine_unavailable")


def test_every_refusal_has_a_status() -> None:
    """No code of the bot is left to chance: each has its line in the table."""
    assert set(STATUSES) >= set(RefusalCode)


_BAD_JSON = [
    ("/api/jobs/x/again", b"[1]"),
    ("/api/jobs/x/again", b'{"seed": true}'),
    ("/api/jobs/x/again", b'{"prompt": "\\ud800"}'),
    ("/api/jobs/x/again", b"[" * 50_000),
    ("/api/jobs/x/again", b'{"seed": ' + b"9" * 5_000 + b"}"),
    ("/api/jobs/x/report", b"{}"),
    ("/api/jobs/x/report", b'{"reason": 5}'),
    ("/api/admin/commands/ban", b'{"reason": "\\udfff"}'),
    ("/login", b'{"token": '),
    ("/login", b""),
    ("/login", b"\xff"),
]


async def test_json_that_is_not_what_is_needed_is_refused(site: Site) -> None:
    """A body of the wrong form is a 400 or 422 with a sentence, never a fault of ours."""
    for path, body in _BAD_JSON:
        answer = await site.client.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 422), (path, body[:40], answer.text)
        assert answer.json()["code"] == "malformed_request"


# --- what is offered


async def test_the_offer_is_what_the_engine_can_do(site: Site) -> None:
    """The offer names the engine, its presets with prices, and only options that it has."""
    offer = (await site.client.get("/api/offer")).json()
    assert (offer["engine"], offer["uses_ai"], offer["end_picture"], offer["default_preset"]) == (
        "camera",
        False,
        True,
        "balanced",
    )
    assert [preset["name"] for preset in offer["presets"]] == ["fast", "balanced", "best"]
    assert offer["presets"][1]["price"] == 1.0
    assert offer["lengths"] == [2, 3, 5, 7, 10]
    options = {option["name"]: option for option in offer["options"]}
    assert {"steps", "guidance", "negative", "prompt"}.isdisjoint(options)
    assert options["seed"]["max"] == 2**32 - 1
    assert {"value": "push-in", "label": "Push in"} in options["camera"]["choices"]
    assert offer["max_picture_bytes"] == MAX_PICTURE_BYTES


async def test_a_quote_tells_price_time_and_crop(site: Site) -> None:
    """A picture's sides and some options give the price, the exact shape and what of the picture will be seen."""
    quote = (await site.client.get("/api/quote?width_px=4032&height_px=3024&preset=best&seconds=2")).json()
    assert quote["frames"] == 49
    assert quote["seconds"] == pytest.approx(49 / 24)
    assert quote["crop"]["width"] <= 1
    for query, code in (
        ("width_px=0&height_px=10", "malformed_request"),
        ("height_px=10", "malformed_request"),
        ("width_px=640&height_px=480&seconds=x", "not_a_number"),
        ("width_px=640&height_px=480&secs=3", "unknown_option"),
        ("width_px=640&height_px=480&seed=1&seed=2", "option_given_twice"),
    ):
        answer = await site.client.get(f"/api/quote?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_credits_and_queue_are_shown(site: Site) -> None:
    """Held credits are missing from those left until the job has ended."""
    await site.submit()
    quota = (await site.client.get("/api/quota")).json()
    assert (quota["left"], quota["held"], quota["cap"], quota["per_day"]) == (19.0, 1.0, 20.0, 20.0)
    await site.renderer.running()
    queue = (await site.client.get("/api/queue")).json()
    assert (queue["running"], queue["waiting"], queue["ready"], queue["paused"]) == (1, 0, True, False)


# --- files


@pytest.fixture
async def delivered(site: Site) -> str:
    job = await site.submit()
    site.renderer.finish()
    await site.status(job["id"], "delivered")
    return str(job["id"])


async def test_a_player_can_seek(site: Site, delivered: str) -> None:
    """The video answers ranges, HEAD and If-None-Match, stays out of shared caches, and has a name to save it by."""
    url = f"/api/jobs/{delivered}/video"
    whole = await site.client.get(url)
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["cache-control"].startswith("private")
    assert whole.headers["content-disposition"] == f'inline; filename="animate-{delivered}.mp4"'
    assert whole.headers["etag"] == f'"{"5" * 64}"'
    part = await site.client.get(url, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, VIDEO[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(VIDEO)}"
    assert (await site.client.get(url, headers={"Range": "bytes=-10"})).content == VIDEO[-10:]
    beyond = await site.client.get(url, headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416
    head = await site.client.head(url)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(VIDEO)), b"")
    known = await site.client.get(url, headers={"If-None-Match": whole.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    download = await site.client.get(f"{url}?download=1")
    assert download.headers["content-disposition"].startswith("attachment; ")


async def test_files_that_are_gone_are_gone(site: Site, delivered: str) -> None:
    """What retention has deleted is 410 with a sentence, not a fault."""
    site.files.delete_video(delivered)
    site.files.delete_pictures(delivered)
    for name, code in (("video", "video_gone"), ("poster", "video_gone"), ("picture", "picture_gone")):
        answer = await site.client.get(f"/api/jobs/{delivered}/{name}")
        assert (answer.status_code, answer.json()["code"]) == (410, code)


async def test_an_id_is_never_a_path(site: Site, delivered: str) -> None:
    """Whatever stands where an id belongs finds a job of that id or nothing."""
    (site.files.video(delivered).parent.parent / "secret.mp4").write_bytes(b"secret")
    ids = ("..%2fsecret", "..%2f..%2fsecret", "%2e%2e", "%00", "secret.mp4%00", "é", "%ff", "x" * 999)
    for job_id in ids:
        for name in JOB_PARTS:
            answer = await site.client.get(f"/api/jobs/{job_id}/{name}")
            assert answer.status_code == 404, (job_id, name)
            assert b"secret" not in answer.content
    for path in ("/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/", "/static/none.js"):
        assert (await site.client.get(path)).status_code == 404


async def test_the_page_and_its_parts_are_served(site: Site) -> None:
    """Page and operator's view are one document; its parts are asked for again after an update."""
    page, operator = await site.client.get("/"), await site.client.get("/operator")
    assert page.content == operator.content
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    part = await site.client.get("/static/api.js")
    assert part.headers["content-type"].startswith("text/javascript")
    assert part.headers["cache-control"] == page.headers["cache-control"] == "no-cache"
    known = await site.client.get("/static/api.js", headers={"If-None-Match": part.headers["etag"]})
    assert known.status_code == 304


# --- people


async def test_a_person_sees_only_what_is_theirs(open_site: OpenSite) -> None:
    """Another person's job is as if it did not exist, in every way to ask for it; the operator sees it."""
    async with open_site(access=people_with_tokens) as site:
        async with site.as_person(ANNAS_TOKEN) as anna, site.as_person(BENS_TOKEN) as ben:
            job = await site.submit(anna)
            url = f"/api/jobs/{job['id']}"
            for method, path in (
                ("GET", url),
                ("DELETE", url),
                ("POST", f"{url}/again"),
                *(("GET", f"{url}/{name}") for name in JOB_PARTS),
            ):
                answer = await ben.request(method, path)
                assert (answer.status_code, answer.json()["code"]) == (404, "unknown_job"), (method, path)
            assert (await ben.get("/api/jobs")).json()["jobs"] == []
            assert (await anna.get(url)).status_code == 200
            assert (await anna.get("/api/me")).json() == {
                "id": "web:anna",
                "name": "anna",
                "is_operator": False,
                "needs_login": True,
            }
        async with site.as_person(OPERATOR_TOKEN) as operator:
            assert (await operator.get(url)).status_code == 200
            assert (await operator.get("/api/jobs")).json()["jobs"] == []


async def test_a_person_takes_their_data_along_and_is_forgotten(site: Site, delivered: str) -> None:
    """The export is a file of all that is stored; after forgetting, jobs and files are gone."""
    export = await site.client.get("/api/me/export")
    assert export.headers["content-disposition"].startswith("attachment; ")
    assert export.json()["jobs"][0]["id"] == delivered
    assert (await site.client.post("/api/me/forget")).json() == {"jobs": 1}
    assert (await site.client.get(f"/api/jobs/{delivered}")).status_code == 404
    assert site.files.used_bytes() == 0


async def test_a_report_reaches_the_operator(site: Site, delivered: str) -> None:
    """Who finds a video wrong says why, and the operator's board shows it."""
    answer = await site.client.post(f"/api/jobs/{delivered}/report", json={"reason": "not mine"})
    assert answer.status_code == 204
    [report] = (await site.client.get("/api/admin/board")).json()["reports"]
    assert (report["job"], report["reason"]) == (delivered, "not mine")


# --- the operator


async def test_only_an_operator_has_the_operators_view(open_site: OpenSite) -> None:
    """Others get 403 for the board, its stream, the commands and each of them, and change nothing."""
    async with open_site(access=people_with_tokens) as site:
        async with site.as_person(ANNAS_TOKEN) as anna:
            for method, path in (
                ("GET", "/api/admin/board"),
                ("GET", "/api/admin/events"),
                ("GET", "/api/admin/commands"),
                ("POST", "/api/admin/commands/pause"),
                ("POST", "/api/admin/commands/none"),
            ):
                answer = await anna.request(method, path)
                assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), path
        assert not site.services.queue.view().paused


async def test_the_operator_runs_every_command(site: Site) -> None:
    """Commands are listed with their arguments, run by name, and say in a sentence what they did or what is wrong."""
    commands = {
        command["name"]: command for command in (await site.client.get("/api/admin/commands")).json()["commands"]
    }
    assert {"pause", "cancel", "grant", "ban"} <= set(commands)
    assert commands["cancel"]["danger"] is True
    assert commands["grant"]["arguments"][1] == {
        "name": "credits",
        "kind": "number",
        "required": True,
        "help": "How many.",
        "choices": None,
    }

    async def run(name: str, **arguments: object) -> httpx.Response:
        return await site.client.post(f"/api/admin/commands/{name}", json=arguments)

    paused = await run("pause")
    assert paused.status_code == 200
    assert paused.json()["message"].endswith(".")
    assert (await site.client.get("/api/queue")).json()["paused"] is True
    assert (await run("grant", person=LOCAL.id, credits=-5)).json()["data"] == {"left_mcr": 15_000}
    for answer, status, code in (
        (await run("grant", person=LOCAL.id), 422, "missing_argument"),
        (await run("grant", person=LOCAL.id, credits="many"), 422, "bad_argument"),
        (await run("grant", who="x"), 422, "unknown_argument"),
        (await run("pauze"), 404, "unknown_command"),
        (await run("job", job="nope"), 404, "unknown_job"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_board_shows_everything_at_once(site: Site) -> None:
    """Queue, jobs with whose they are, people with their credits, numbers, and what operators did."""
    running, waiting = await site.submit(prompt="one"), await site.submit(prompt="two")
    await site.renderer.running()
    await site.client.post("/api/admin/commands/queue", json={})
    board = (await site.client.get("/api/admin/board")).json()
    assert (board["queue"]["running"], board["queue"]["waiting"]) == (1, 1)
    assert [job["id"] for job in board["running"]] == [running["id"]]
    assert [job["id"] for job in board["waiting"]] == [waiting["id"]]
    assert board["waiting"][0]["requester"] == {"id": "web:local", "name": "local"}
    [person] = board["people"]
    assert (person["id"], person["waiting"], person["running"], person["left"]) == ("web:local", 1, 1, 18.0)
    assert "wait_p95_s" in board["stats"]
    assert board["audit"][0]["command"] == "queue"


# --- the API itself


async def test_the_description_of_the_api_is_true(site: Site) -> None:
    """openapi.json names every address, the form's fields, and the shape of errors; no page of docs is offered."""
    api = (await site.client.get("/openapi.json")).json()
    assert {
        "/api/me", "/api/me/export", "/api/me/forget", "/api/offer", "/api/quote", "/api/queue", "/api/quota",
        "/api/jobs", "/api/jobs/{job_id}", "/api/jobs/{job_id}/again", "/api/jobs/{job_id}/report",
        "/api/jobs/{job_id}/video", "/api/jobs/{job_id}/events", "/api/events", "/api/admin/board",
        "/api/admin/commands/{name}", "/login", "/logout", "/healthz", "/readyz",
    } <= set(api["paths"])  # fmt: skip
    submit = api["paths"]["/api/jobs"]["post"]
    form = submit["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert {"picture", "end_picture", "prompt", "seed", "camera"} <= set(form["properties"])
    assert submit["responses"]["4XX"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/ErrorBody"
    }
    assert "HTTPValidationError" not in api["components"]["schemas"]
    for path in ("/docs", "/redoc"):
        assert (await site.client.get(path)).status_code == 404


async def test_what_is_not_there_is_told_as_everything_else(site: Site) -> None:
    """An unknown address and a wrong method are errors of the one shape."""
    missing, wrong_method = await site.client.get("/api/nothing"), await site.client.put("/api/queue")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert (wrong_method.status_code, wrong_method.headers["allow"]) == (405, "GET")
    assert (await site.client.get("/healthz")).json() == {"status": "ok"}
