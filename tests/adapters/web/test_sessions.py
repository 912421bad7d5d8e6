"""Who may use the page: tokens, the cookie that stands for one, and the slowing of guesses."""

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.adapters.web.access import COOKIE_LIFETIME_S, LOCAL, OPERATOR, Access
from bot.adapters.web.login_throttle import LoginThrottle
from bot.adapters.web.token_file import operator_token
from bot.domain.job import Requester
from bot.domain.refusals import RefusalCode, Refused

OPERATOR_TOKEN = "operator-token-0123456789"
ANNAS_TOKEN = "annas-token-0123456789"
ANNA = Requester("web", "anna", "anna")
HOME = "192.0.2.7"


class FixedClock:
    """A clock that moves when a test says so."""

    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def access(clock: FixedClock) -> Access:
    return Access(OPERATOR_TOKEN, [("anna", ANNAS_TOKEN)], throttle=LoginThrottle(clock), clock=clock)


def identify(access: Access, *, bearer: str = "", cookie: str = "", address: str = HOME) -> Requester | RefusalCode:
    try:
        return access.identify(bearer=bearer, cookie=cookie, address=address)
    except Refused as refusal:
        return refusal.code


# --- tokens


def test_without_a_token_everybody_is_the_operator_of_this_machine() -> None:
    """Where no token is configured, whoever comes is web:local, whatever they send along."""
    access = Access()
    assert not access.needs_login
    assert identify(access) == identify(access, bearer="any", cookie="any") == LOCAL == access.operator


def test_each_token_is_one_person(access: Access) -> None:
    """The operator's token is web:operator, a named one the person of that name; no or another token is nobody."""
    assert identify(access, bearer=OPERATOR_TOKEN) == OPERATOR == access.operator
    assert identify(access, bearer=ANNAS_TOKEN) == ANNA
    assert identify(access) is RefusalCode.LOGIN_NEEDED
    assert identify(access, bearer=ANNAS_TOKEN[:-1]) is RefusalCode.WRONG_TOKEN
    assert identify(access, bearer=f"{ANNAS_TOKEN} ") is RefusalCode.WRONG_TOKEN
    assert identify(access, bearer="ünï\udcff" * 1000) is RefusalCode.WRONG_TOKEN


# --- cookies


def test_a_cookie_lasts_thirty_days(access: Access, clock: FixedClock) -> None:
    """What a token was traded for stands for its person until it is thirty days old."""
    cookie = access.sign_in(ANNAS_TOKEN, HOME)
    clock.now_s += COOKIE_LIFETIME_S - 1
    assert identify(access, cookie=cookie) == ANNA
    clock.now_s += 1
    assert identify(access, cookie=cookie) is RefusalCode.LOGIN_NEEDED


def test_a_cookie_outlives_a_restart_but_not_its_token(access: Access, clock: FixedClock) -> None:
    """A bot that starts again with the same token knows the cookie; a new token ends the old one's cookies at once."""
    cookie = access.sign_in(ANNAS_TOKEN, HOME)
    assert identify(Access(OPERATOR_TOKEN, [("anna", ANNAS_TOKEN)], clock=clock), cookie=cookie) == ANNA
    rotated = Access(OPERATOR_TOKEN, [("anna", "annas-new-token-012345")], clock=clock)
    assert identify(rotated, cookie=cookie) is RefusalCode.LOGIN_NEEDED


@pytest.mark.parametrize(
    "forge",
    [
        lambda user, expiry, signature: f"operator.{expiry}.{signature}",
        lambda user, expiry, signature: f"{user}.{int(expiry) + 1}.{signature}",
        lambda user, expiry, signature: f"{user}.{expiry}.",
        lambda user, expiry, signature: f"{user}.{expiry}",
        lambda user, expiry, signature: f"{user}.{expiry}.{signature[:-1]}",
        lambda user, expiry, signature: f"{user}.-{expiry}.{signature}",
        lambda user, expiry, signature: f"{user}.{'9' * 400}.{signature}",
        lambda user, expiry, signature: f"{user}.²{expiry}.{signature}",
        lambda user, expiry, signature: f"local.{expiry}.{signature}",
        lambda user, expiry, signature: ".." + signature,
        lambda user, expiry, signature: "\xff" * 5_000,
    ],
)
def test_a_cookie_that_was_changed_is_nobodys(access: Access, forge) -> None:  # type: ignore[no-untyped-def]
    """Whoever changes name, time or signature of a cookie has to log in."""
    user, expiry, signature = access.sign_in(ANNAS_TOKEN, HOME).split(".")
    assert identify(access, cookie=forge(user, expiry, signature)) is RefusalCode.LOGIN_NEEDED


# --- guessing


def test_guesses_are_slowed(access: Access, clock: FixedClock) -> None:
    """After twenty failures an address has one try every three seconds, of whatever kind, and is told when."""
    for number in range(20):
        assert identify(access, bearer=f"guess {number}") is RefusalCode.WRONG_TOKEN
    with pytest.raises(Refused) as refused:
        access.sign_in("guess 21", HOME)
    assert refused.value.code is RefusalCode.TOO_FAST
    assert refused.value.values["retry_after_s"] == pytest.approx(3)
    assert identify(access, cookie="anna.1000.guess") is RefusalCode.TOO_FAST
    assert identify(access, bearer=OPERATOR_TOKEN) is RefusalCode.TOO_FAST, "a right guess must not be told either"
    clock.now_s += 3
    assert identify(access, cookie="anna.1000.guess") is RefusalCode.LOGIN_NEEDED
    assert identify(access, bearer="guess 22") is RefusalCode.TOO_FAST


def test_guesses_do_not_slow_those_who_are_known(access: Access) -> None:
    """Another address, and whoever came in before from the same one, are not held up by somebody's guesses."""
    cookie = access.sign_in(ANNAS_TOKEN, HOME)
    assert identify(access, cookie=cookie) == ANNA
    for number in range(30):
        identify(access, bearer=f"guess {number}")
    assert identify(access, cookie=cookie) == ANNA
    assert identify(access, bearer=ANNAS_TOKEN) == ANNA
    assert identify(access, bearer=OPERATOR_TOKEN, address="192.0.2.8") == OPERATOR


def test_an_attacker_with_many_addresses_costs_no_memory(clock: FixedClock) -> None:
    """The addresses that failed last are remembered, a fixed number of them; those of one IPv6 network are one."""
    throttle = LoginThrottle(clock, burst=1, max_addresses=3)
    for number in range(50):
        throttle.note_failure(f"198.51.100.{number}")
    remembered = [number for number in range(50) if throttle.wait_s(f"198.51.100.{number}") > 0]
    assert remembered == [47, 48, 49]
    throttle.note_failure("2001:db8::1")
    assert throttle.wait_s("2001:db8::ffff:1") > 0
    assert throttle.wait_s("2001:db8:0:1::1") == 0


# --- the operator's token


def test_the_operators_token_is_made_once(tmp_path: Path) -> None:
    """The first start makes a token in a file of the owner's; later ones read it."""
    token, is_new = operator_token(tmp_path / "data")
    assert is_new
    assert len(token) >= 40
    assert stat.S_IMODE((tmp_path / "data" / "web-token").stat().st_mode) == 0o600
    assert operator_token(tmp_path / "data") == (token, False)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["web-token"]


def test_a_token_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    """A token file with too many rights keeps its token and loses the rights."""
    path = tmp_path / "web-token"
    path.write_text("an-older-token-0123456789\n")
    path.chmod(0o644)
    assert operator_token(tmp_path) == ("an-older-token-0123456789", False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("damaged", [b"", b"short\n", b"\xff\xfe" * 20, b"\x00" * 43])
def test_a_damaged_token_is_made_anew(tmp_path: Path, damaged: bytes) -> None:
    """A file that holds no token, as after a full disk, is replaced instead of letting anybody in with it."""
    (tmp_path / "web-token").write_bytes(damaged)
    token, is_new = operator_token(tmp_path)
    assert is_new
    assert operator_token(tmp_path) == (token, False)


def test_starts_at_the_same_time_agree_on_one_token(tmp_path: Path) -> None:
    """However many ask for the first token at once, one of them makes it and all get it."""
    together = threading.Barrier(8)

    def ask(_: int) -> tuple[str, bool]:
        together.wait()
        return operator_token(tmp_path)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    assert len({token for token, _ in answers}) == 1
    assert [is_new for _, is_new in answers].count(True) == 1
