"""A real Chromium, headless, spoken to over the WebDriver protocol of its chromedriver. Support for tests only.

Plain calls that wait: the bot under test is another process, and one browser serves many tests, whatever their loops.
"""

import base64
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import Any

import httpx

MISSING = "Chromium and its chromedriver are not on the PATH (on Debian: apt-get install chromium chromium-driver)"
KEYS = {
    "Tab": "\ue004",
    "Shift": "\ue008",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Space": " ",
    "Right": "\ue014",
}

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # containers run as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,900",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_WAIT_S = 30.0  # only a broken page takes this long, or a machine that does much else
_LOOK_EVERY_S = 0.03
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how the protocol marks a reference to an element

#: The first element with this selector and, where one is asked for, this text, that can be seen. Inputs for files and
#: choices are hidden behind what stands for them.
_FIND = """
const [selector, text] = arguments;
return [...document.querySelectorAll(selector)].find((element) =>
  (text === null || element.textContent.trim() === text) &&
  (element.checkVisibility() || ['file', 'radio'].includes(element.type))) ?? null;
"""


@dataclass(frozen=True, slots=True)
class Programs:
    """Where Chromium and its driver are."""

    chromium: str
    chromedriver: str


def find_programs() -> Programs | None:
    """Return the browser and its driver from the PATH, or None where one of them is missing."""
    chromium = next(filter(None, map(shutil.which, _BROWSERS)), None)
    chromedriver = shutil.which("chromedriver")
    return Programs(chromium, chromedriver) if chromium and chromedriver else None


class Browser:
    """One window with one page in it."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def open(self, url: str) -> None:
        self._post("url", url=url)

    def reload(self) -> None:
        self._post("refresh")

    def run(self, script: str, *arguments: object) -> Any:
        """Return what the function body ``script`` returns in the page."""
        return self._post("execute/sync", script=script, args=list(arguments))

    def until(self, expression: str, *arguments: object, timeout_s: float = _WAIT_S) -> Any:
        """Return the value of a JavaScript expression once it is truthy; fail, saying what is seen, where it is not."""
        return self._until(f"return {expression}", expression, arguments, timeout_s)

    def find(self, selector: str, text: str | None = None) -> str:
        """Return the protocol's id of the visible element with this selector and text, as soon as there is one."""
        found = self._until(_FIND, "an element is found", (selector, text), _WAIT_S)
        return str(found[_ELEMENT])

    def click(self, selector: str, text: str | None = None) -> None:
        """Click the middle of the element as a mouse does, scrolled to; fails where something lies over it."""
        element = self.find(selector, text)
        # The driver scrolls only what is out of the window, not what is behind the bar at its bottom.
        self.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", {_ELEMENT: element})
        self._post(f"element/{element}/click")

    def type(self, selector: str, text: str) -> None:
        self._post(f"element/{self.find(selector)}/value", text=text)

    def choose_file(self, selector: str, path: Path) -> None:
        self._post(f"element/{self.find(selector)}/value", text=str(path.resolve()))

    def text(self, selector: str) -> str:
        return str(self._get(f"element/{self.find(selector)}/text"))

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all elements with this selector, as they are now."""
        found = self.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector)
        return [str(text) for text in found]

    def press(self, *keys: str) -> None:
        """Press keys one after the other, wherever the focus is: single characters, or names from ``KEYS``."""
        actions = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self._post("actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def drop_file(self, selector: str, path: Path) -> None:
        """Drop a file from outside of the browser on the middle of an element."""
        box = self._get(f"element/{self.find(selector)}/rect")
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        data = {"items": [], "files": [str(path.resolve())], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self._devtools("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def resize(self, width_px: int, height_px: int, *, is_phone: bool = False) -> None:
        self._devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width_px,
            height=height_px,
            deviceScaleFactor=2 if is_phone else 1,
            mobile=is_phone,
        )

    def prefer(self, **features: str) -> None:
        """Set media features, as in ``prefers_color_scheme="dark"``."""
        listed = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self._devtools("Emulation.setEmulatedMedia", features=listed)

    def forget(self) -> None:
        """Leave the page, and with it what it kept and what was set for it."""
        self.run("try { sessionStorage.clear() } catch { /* a blank page has none */ }")
        self.open("about:blank")  # first, so that the page does not find itself signed out
        self._devtools("Network.clearBrowserCookies")
        self._devtools("Emulation.clearDeviceMetricsOverride")
        self._devtools("Emulation.setEmulatedMedia", features=[])

    def console_problems(self) -> list[str]:
        """Return the console's errors and warnings since the last call: of scripts, requests and broken policies."""
        entries = self._post("se/log", type="browser")
        return [f"{entry['level']}: {entry['message']}" for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._get("screenshot")))

    def _until(self, script: str, wish: str, arguments: tuple[object, ...], timeout_s: float) -> Any:
        deadline = time.monotonic() + timeout_s
        while True:
            if value := self.run(script, *arguments):
                return value
            if time.monotonic() > deadline:
                seen = self.run("return document.body.innerText")
                raise AssertionError(f"not within {timeout_s:g} s: {wish} {arguments or ''}\n\nThe page says:\n{seen}")
            time.sleep(_LOOK_EVERY_S)

    def _devtools(self, command: str, **parameters: object) -> Any:
        return self._post("goog/cdp/execute", cmd=command, params=parameters)

    def _get(self, command: str) -> Any:
        return _value(self._http.get(command))

    def _post(self, command: str, **body: object) -> Any:
        return _value(self._http.post(command, json=body))


@contextmanager
def open_browser(programs: Programs, profile: Path) -> Iterator[Browser]:
    """Yield a browser with a fresh profile; afterwards it and its driver are gone."""
    with Popen([programs.chromedriver, "--port=0"], stdout=PIPE, stderr=DEVNULL) as driver:
        try:
            address = f"http://127.0.0.1:{_port_of(driver)}/session"
            with httpx.Client(timeout=60, trust_env=False) as http:
                options = {"binary": programs.chromium, "args": [*_FLAGS, f"--user-data-dir={profile}"]}
                wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
                answer = _value(http.post(address, json={"capabilities": {"alwaysMatch": wanted}}))
                http.base_url = httpx.URL(f"{address}/{answer['sessionId']}/")
                try:
                    yield Browser(http)
                finally:
                    # Without it the browser outlives its driver: an answer that is an error must not pass unseen.
                    _value(http.delete(f"{address}/{answer['sessionId']}"))
        finally:
            driver.terminate()


def _port_of(driver: "Popen[bytes]") -> int:
    assert driver.stdout is not None
    for line in driver.stdout:
        if match := re.search(rb"started successfully on port (\d+)", line):
            return int(match[1])
    raise AssertionError("chromedriver ended before it said its port")


def _value(response: httpx.Response) -> Any:
    value = response.json()["value"]
    if response.is_error:
        raise AssertionError(f"{value['error']}: {value['message']}")
    return value
