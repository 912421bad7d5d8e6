"""The page in a real Chromium, against the bot as an operator starts it."""

import hashlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.adapters.web.browser import MISSING, Browser, find_programs, open_browser
from tests.adapters.web.conftest import OPERATOR_TOKEN, WebBot, running_bot

STATIC = Path(__file__).parents[3] / "bot/adapters/web/static"
ROCKET = Path(__file__).parents[3] / "docs/photos/rocket.jpg"

QUICK = {"preset": "fast", "seconds": "2"}
LONG = {"preset": "best", "seconds": "10"}
PHONE = (390, 844)
DELIVERED = ".job[data-status=delivered]"
WIDEST = "return Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)"
#: Watches the elements with a selector and keeps every text that they show.
WATCH = """
const [selector] = arguments;
window.seen = new Set();
new MutationObserver(() => document.querySelectorAll(selector).forEach((element) => seen.add(element.textContent)))
  .observe(document.body, {subtree: true, childList: true, characterData: true});
"""

#: How the focus is drawn: on what has it, or on what stands for it.
FOCUS = """
const focused = document.activeElement;
return getComputedStyle(focused.matches('.unseen') ? focused.nextElementSibling : focused).outlineStyle;
"""

#: What a card says of a running render; a short one is too quick for each of them to be seen.
RENDERING = {"Rendering", "Starting", "Drawing the frames", "Saving the video"}

Visit = Callable[..., Browser]


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    programs = find_programs()
    if programs is None:
        pytest.skip(MISSING)
    with open_browser(programs, tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def web_bot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WebBot]:
    """One bot for all of these stories: each begins with nothing of the ones before."""
    settings = {"ANIMATE_WEB__TOKEN": OPERATOR_TOKEN, "ANIMATE_QUOTA__CAP": "500"}
    async with running_bot(tmp_path_factory.mktemp("bot"), settings) as bot:
        yield bot


@pytest.fixture
def api(web_bot: WebBot) -> Iterator[httpx.Client]:
    """The bot's API with the same rights as the page has."""
    headers = {"Authorization": f"Bearer {web_bot.operator_token}"}
    with httpx.Client(base_url=web_bot.url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def browser(chromium: Browser, api: httpx.Client) -> Iterator[Browser]:
    """A window as if newly opened, of somebody new; whatever is done in it must leave the console clean."""
    api.post("/api/me/forget").raise_for_status()
    chromium.console_problems()
    yield chromium
    chromium.forget()
    # The still of a render that ends while it is asked for is gone, and the browser notes that by itself.
    assert [problem for problem in chromium.console_problems() if "/still - Failed to load" not in problem] == []


@pytest.fixture
def visit(browser: Browser, web_bot: WebBot) -> Visit:
    """Opens an address of the bot with the operator's link."""

    def open_(path: str = "/") -> Browser:
        browser.open(f"{web_bot.url.rstrip('/')}{path}#token={web_bot.operator_token}")
        return browser

    return open_


def send(api: httpx.Client, **options: str) -> str:
    """Send the rocket and return the job's id."""
    answer = api.post("/api/jobs", files={"picture": ROCKET.read_bytes()}, data=options)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def test_a_dropped_photograph_becomes_a_video_that_plays(visit: Visit) -> None:
    """Dropped, described and sent, a photograph is shown with its progress and becomes a video that plays by itself."""
    page = visit()
    page.find(".drop")
    page.run(WATCH, ".progress strong")

    page.drop_file(".drop", ROCKET)
    page.until("document.querySelector('.picture-facts')?.textContent.includes('The video shows')")
    page.type("#prompt", "The rocket stands in the evening light")
    page.click(".chip", "2 s")
    page.click("button", "Make the video")

    page.until("document.querySelector('.job video')?.readyState === 4")
    page.until("!document.querySelector('.job video').paused && document.querySelector('.job video').currentTime > 0")
    assert page.text(".job h3") == "The rocket stands in the evening light"
    assert "camera move, no AI" in page.text(".job .facts")
    assert RENDERING & set(page.run("return [...seen]"))
    # What was typed stays, to be changed and sent again.
    assert page.run("return document.querySelector('#prompt').value") == "The rocket stands in the evening light"


def test_again_makes_a_second_video_and_both_outlive_a_reload(visit: Visit, api: httpx.Client) -> None:
    """Again makes another video from the same picture with a seed of its own; the list is the same after a reload."""
    send(api, prompt="Evening light", **QUICK)
    page = visit()
    page.click(f"{DELIVERED} button", "Again")

    page.until("document.querySelectorAll(arguments[0]).length === 2", DELIVERED)
    seeds = page.texts(".facts .link")
    assert len(set(seeds)) == 2
    assert page.texts(".job h3") == ["Evening light"] * 2

    page.reload()
    page.until("document.querySelectorAll(arguments[0]).length === 2", DELIVERED)
    assert page.texts(".facts .link") == seeds


def test_edit_brings_a_job_back_into_the_form(visit: Visit, api: httpx.Client) -> None:
    """Edit fills the form with a job's words and options, and sends what was changed with that job's picture."""
    send(api, prompt="Evening light", camera="pan-left", **QUICK)
    page = visit()
    page.click(f"{DELIVERED} button", "Edit")

    page.until("document.querySelector('.drop img')?.naturalWidth")
    page.type("#prompt", " and wind")
    page.click("button", "Make the video")

    page.until("document.querySelectorAll(arguments[0]).length === 2", DELIVERED)
    latest, first = api.get("/api/jobs").json()["jobs"]
    assert latest["prompt"] == "Evening light and wind"
    assert latest["options"] == first["options"]


def test_a_job_is_cancelled(visit: Visit, api: httpx.Client) -> None:
    """Cancel ends a job that has not ended, and the card says so and that the credits are back."""
    send(api, **LONG)
    job = send(api, **LONG)
    page = visit()
    page.find(f"[id='job-{job}'][data-status=queued]")
    page.click(f"[id='job-{job}'] button", "Cancel")

    page.find(f"[id='job-{job}'][data-status=cancelled]")
    assert "Cancelled." in page.text(".outcome")
    assert api.get(f"/api/jobs/{job}").json()["status"] == "cancelled"


def test_an_error_stands_beside_its_field_and_costs_nothing_that_was_typed(visit: Visit, tmp_path: Path) -> None:
    """What is wrong is said beside the field it is about, and everything that was entered is still there."""
    page = visit()
    no_picture = tmp_path / "notes.pdf"
    no_picture.write_bytes(b"%PDF-1.7")
    page.choose_file("input[name=picture]", no_picture)
    page.until("document.querySelector('.picture-input .problem').textContent.includes('not a picture')")

    page.choose_file("input[name=picture]", ROCKET)
    page.type("#prompt", "Evening light")
    page.click("summary", "Advanced")
    page.type("input[name=frames]", "50")
    page.click("button", "Make the video")

    page.until("document.querySelector('[data-option=frames] .problem').textContent.includes('multiple of 8')")
    page.until("document.activeElement.name === 'frames'")
    assert page.run("return document.querySelector('#prompt').value") == "Evening light"
    assert page.run("return document.querySelectorAll('.job').length") == 0
    page.forget()
    assert all("422" in problem for problem in page.console_problems())  # the browser notes refused requests itself


def test_a_guess_is_said_as_people_say_it(visit: Visit) -> None:
    """A time that is only guessed is "about" so long, but for one that is too short to be told."""
    page = visit()
    page.run("import('/static/format.js').then(({ estimate }) => { window.said = [0.2, 1, 75].map(estimate) })")
    assert page.until("window.said") == ["under 1 s", "about 1 s", "about 1 min 15 s"]


def test_the_operator_sees_and_pauses_the_queue(visit: Visit, api: httpx.Client) -> None:
    """The operator sees whose job is where, stops the queue and opens it again, and is asked before a job is ended."""
    first, second = (send(api, prompt="Evening light", **LONG) for _ in range(2))
    page = visit("/operator")
    page.find(f"[data-section=running] [data-job='{first}']")
    page.find(f"[data-section=waiting] [data-job='{second}']")

    page.click("button", "Pause")
    page.find(".queue-state[data-state=paused]")
    assert api.get("/api/queue").json()["paused"] is True

    page.click(f"[data-job='{second}'] button", "Cancel")
    page.find("dialog[open]")  # a key that comes before it is nobody's
    page.press("Escape")
    page.until("!document.querySelector('dialog')")
    page.click(f"[data-job='{second}'] button", "Cancel")
    page.click("dialog button", "Yes, cancel")
    page.find(f"[data-section=ended] [data-job='{second}']")

    page.click("button", "Resume")
    page.find(".queue-state[data-state=running]")
    assert api.get("/api/queue").json()["paused"] is False


def test_the_keyboard_alone_is_enough(visit: Visit) -> None:
    """Every step from the picture to the video can be made with the keyboard, and it is seen where the focus is."""
    page = visit()
    page.find(".drop")
    page.choose_file("input[name=picture]", ROCKET)  # the system's own dialog is out of a browser's reach
    page.until("document.querySelector('.picture-facts')")

    def tab_to(wanted: str) -> None:
        for _ in range(25):
            page.press("Tab")
            if page.run(f"return document.activeElement.matches({wanted!r})"):
                assert page.run(FOCUS) == "solid"
                return
        pytest.fail(f"{wanted} cannot be reached")

    tab_to("#prompt")
    page.press(*"Wind")
    tab_to("input[name=preset]")
    page.press("Right")  # from balanced to best
    tab_to("input[name=seconds]")
    tab_to("summary")
    page.press("Enter")
    tab_to("input[name=seed]")
    page.press("7")
    tab_to("button[type=submit]")
    page.press("Enter")

    page.find(".job")
    tab_to(".job .actions button")
    page.press("Space")
    page.find(".job[data-status=cancelled]")
    assert page.text(".job h3") == "Wind"
    facts = page.text(".job .facts")
    assert "Best" in facts
    assert "seed 7" in facts


def test_nothing_overflows_on_a_phone(visit: Visit, api: httpx.Client) -> None:
    """At 390 px nothing on either page is wider than the screen, whatever is unfolded and however long a word is."""
    send(api, prompt="Donaudampfschifffahrtsgesellschaft" * 5, negative="", **QUICK)
    page = visit()
    page.resize(*PHONE, is_phone=True)
    page.click("summary", "Advanced")
    page.find(DELIVERED)
    assert page.run(WIDEST) == PHONE[0]
    page.click(f"{DELIVERED} button", "Report")
    page.find("dialog")
    assert page.run(WIDEST) == PHONE[0]

    page = visit("/operator")
    page.find("[data-section=ended] li")
    assert page.run(WIDEST) == PHONE[0]


def test_whoever_has_no_token_is_asked_for_it(browser: Browser, web_bot: WebBot) -> None:
    """Without a token there is a screen that asks for it; the token of a link is taken out of the address at once."""
    browser.open(web_bot.url)
    browser.type("input[name=token]", "a guess")
    browser.click("button", "Sign in")
    browser.find(".problem")
    assert all("401" in problem for problem in browser.console_problems())  # the browser notes refused requests itself

    browser.open(f"{web_bot.url}#token={web_bot.operator_token}")
    browser.find(".drop")
    assert browser.run("return location.hash") == ""
    browser.console_problems()
    origins = "return [...new Set(performance.getEntriesByType('resource').map((e) => new URL(e.name).origin))]"
    assert browser.run(origins) == [web_bot.url.rstrip("/")]


def test_the_vendored_modules_are_those_of_their_readme() -> None:
    """Each file of others' work is named in the README beside it, with the hash that it has."""
    vendor = STATIC / "vendor"
    told = dict(re.findall(r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$", (vendor / "README.md").read_text(), re.MULTILINE))
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in vendor.iterdir()}
    del found["README.md"]
    packages = {name for name in told if name.endswith(".tgz")}
    assert {name: told[name] for name in told.keys() - packages} == found
    assert packages == {"preact-11.2.0.tgz", "htm-3.1.1.tgz"}


def test_the_page_asks_for_nothing_from_elsewhere() -> None:
    """No file of the page names another site's address, and none puts text in as HTML."""
    for path in STATIC.rglob("*"):
        if path.suffix not in (".html", ".css", ".js") or path.parent.name == "vendor":
            continue
        text = path.read_text()
        assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", text), path
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", text), path


def test_every_module_is_fetched_at_once() -> None:
    """The document names each module, so that a browser need not read one to learn of the next."""
    modules = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.js")}
    named = re.findall(r'(?:href|src)="/static/([^"]+\.js)"', (STATIC / "index.html").read_text())
    assert sorted(named) == sorted(modules)
