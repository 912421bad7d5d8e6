"""The doctor's look at how the bot is set up: settings, channels, admins, engine and weights."""

import ipaddress
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from bot.domain import doctor_words as words
from bot.domain.messages import sentence
from bot.service.doctor import Check
from bot.service.engine_choice import EngineChoice
from generation.errors import EngineUnavailable
from generation.hardware import Gpu
from generation.weights import find

#: Who is at the page without a name in ``web.tokens``.
_NAMELESS_WEB_PEOPLE = frozenset({"web:local", "web:operator"})


def settings_checks(problems: Sequence[str], config_file: Path | None) -> Iterator[Check]:
    """Which config file counts, or everything that is wrong with the settings."""
    if not problems:
        yield Check.ok("settings", words.settings_from(str(config_file or "")))
    for problem in problems:
        yield Check.fail("settings", words.settings_problem(problem))


def channel_checks(names: Sequence[str]) -> Iterator[Check]:
    """Whether there is any channel on which somebody can ask for a video."""
    yield Check.ok("channels", words.channels(names)) if names else Check.fail("channels", words.no_channel())


def page_checks(host: str, *, has_token: bool) -> Iterator[Check]:
    """Whether the page is closed to strangers."""
    if has_token:
        yield Check.ok("page", words.page_needs_a_token(host))
    elif _is_this_machine(host):
        yield Check.ok("page", words.page_for_this_machine(host))
    else:
        yield Check.fail("page", words.page_is_open(host))


def page_off_checks() -> Iterator[Check]:
    """The page is not offered, so that neither its port nor its tokens matter."""
    yield Check.ok("page", words.page_is_off())


def admin_checks(admins: Sequence[str], platforms: Sequence[str], web_names: Collection[str]) -> Iterator[Check]:
    """Whether somebody has the operator's commands on each platform that has a token, and can come in."""
    known = {f"web:{name}" for name in web_names} | _NAMELESS_WEB_PEOPLE
    lost = [admin for admin in admins if admin.startswith("web:") and admin not in known]
    for admin in lost:
        yield Check.warn("admins", words.admin_without_token(admin))
    without = [name for name in platforms if not any(admin.startswith(f"{name.lower()}:") for admin in admins)]
    if without:
        yield Check.warn("admins", words.no_admin(without))
    elif not lost:
        yield Check.ok("admins", words.admins(len(admins)) if admins else words.no_admin_needed())


def engine_checks(choose: Callable[[], EngineChoice], gpus: Callable[[], Sequence[Gpu]]) -> Iterator[Check]:
    """Which engine would run, on what, and why it is not LTX-Video where it could have been."""
    try:
        choice = choose()
    except EngineUnavailable as error:
        yield Check.fail("engine", words.engine_cannot_run(sentence(error)))
        return
    if choice.why_not_ltx is not None:
        yield Check.warn("engine", words.engine_falls_back(sentence(choice.why_not_ltx)))
    elif choice.spec.name == "camera":
        yield Check.ok("engine", words.engine_is_camera())
    elif choice.spec.device == "cpu" or not (cards := gpus()):
        yield Check.warn("engine", words.engine_is_slow(choice.model.name))
    else:
        shown = [words.card(card.name, card.free_bytes, card.memory_bytes, card.driver) for card in cards]
        yield Check.ok("engine", words.engine_runs(choice.model.name, ", ".join(shown)))


def weights_checks(engine: str, model: str, models_dir: Path) -> Iterator[Check]:
    """Whether the model's weights are there and whole; that they are missing fails only where ``ltx`` must run."""
    if engine == "camera":
        yield Check.ok("weights", words.weights_not_needed())
        return
    try:
        checkpoint = find(model, models_dir)
    except EngineUnavailable as error:
        finding = words.weights_unusable(sentence(error))
        yield Check.fail("weights", finding) if engine == "ltx" else Check.warn("weights", finding)
    else:
        yield Check.ok("weights", words.weights_found(checkpoint.name, str(checkpoint.folder)))


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
