"""Who is who: tokens, the cookie that stands for one, and the person behind them."""

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterable

from bot.adapters.web.login_throttle import LoginThrottle
from bot.domain.job import Requester
from bot.domain.refusals import RefusalCode, Refused

CHANNEL_NAME = "web"
COOKIE_LIFETIME_S = 30 * 86_400

LOCAL = Requester(CHANNEL_NAME, "local", "local")
OPERATOR = Requester(CHANNEL_NAME, "operator", "operator")

_MAX_CREDENTIAL_CHARACTERS = 1_000
_MAX_SEEN = 1_000


class Access:
    """Knows people by their tokens; without any token everybody is ``LOCAL``, who is the operator.

    Whoever holds ``operator_token`` is ``OPERATOR``; each of ``named_tokens``, pairs of name and token, is a person
    of that name.
    """

    def __init__(
        self,
        operator_token: str = "",
        named_tokens: Iterable[tuple[str, str]] = (),
        *,
        throttle: LoginThrottle | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        people = [(Requester(CHANNEL_NAME, name, name), token) for name, token in named_tokens]
        if operator_token:
            people.append((OPERATOR, operator_token))
        self._people = tuple((person, token.encode()) for person, token in people)
        self._throttle = LoginThrottle() if throttle is None else throttle
        self._clock = clock
        # Digests of credentials that were right once: their holders are not slowed by somebody else's guesses.
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    @property
    def needs_login(self) -> bool:
        return bool(self._people)

    @property
    def operator(self) -> Requester:
        """The person that is the operator here, to be counted among the admins."""
        return OPERATOR if self.needs_login else LOCAL

    def identify(self, *, bearer: str, cookie: str, address: str) -> Requester:
        """Return who sent a request: ``bearer`` goes before ``cookie``; both may be empty.

        Raises Refused LOGIN_NEEDED, WRONG_TOKEN, or TOO_FAST after too many failures from ``address``.
        """
        if not self.needs_login:
            return LOCAL
        if bearer:
            return self._checked(bearer, self._holder_of_token, RefusalCode.WRONG_TOKEN, address)
        if cookie:
            return self._checked(cookie, self._holder_of_cookie, RefusalCode.LOGIN_NEEDED, address)
        raise Refused(RefusalCode.LOGIN_NEEDED)

    def sign_in(self, token: str, address: str) -> str:
        """Return the cookie for a token, empty where nobody has to sign in; raises as ``identify`` does."""
        if not self.needs_login:
            return ""
        person = self._checked(token, self._holder_of_token, RefusalCode.WRONG_TOKEN, address)
        expiry = int(self._clock()) + COOKIE_LIFETIME_S
        key = next(key for holder, key in self._people if holder == person)
        return f"{person.user}.{expiry}.{_signature(key, person.user, expiry)}"

    def _checked(
        self, credential: str, find: Callable[[str], Requester | None], refusal: RefusalCode, address: str
    ) -> Requester:
        digest = hashlib.sha256(credential.encode(errors="surrogatepass")).digest()
        wait_s = self._throttle.wait_s(address)
        if wait_s > 0 and digest not in self._seen:
            raise Refused(RefusalCode.TOO_FAST, per_minute=self._throttle.per_minute, retry_after_s=wait_s)
        person = find(credential) if len(credential) <= _MAX_CREDENTIAL_CHARACTERS else None
        if person is None:
            self._throttle.note_failure(address)
            raise Refused(refusal)
        self._seen[digest] = None
        self._seen.move_to_end(digest)
        if len(self._seen) > _MAX_SEEN:
            self._seen.popitem(last=False)
        return person

    def _holder_of_token(self, token: str) -> Requester | None:
        given, holder = token.encode(errors="surrogatepass"), None
        for person, known in self._people:  # all of them, so that the time does not tell whose it nearly was
            if hmac.compare_digest(given, known):
                holder = person
        return holder

    def _holder_of_cookie(self, cookie: str) -> Requester | None:
        user, _, rest = cookie.partition(".")
        expiry_text, _, signature = rest.partition(".")
        if not (expiry_text.isascii() and expiry_text.isdecimal() and len(expiry_text) <= 12):
            return None
        expiry = int(expiry_text)
        for person, key in self._people:
            if person.user == user and hmac.compare_digest(
                _signature(key, user, expiry).encode(), signature.encode(errors="surrogatepass")
            ):
                return person if self._clock() < expiry else None
        return None


def _signature(key: bytes, user: str, expiry: int) -> str:
    message = f"animate-bot web session\n{user}\n{expiry}".encode()
    return urlsafe_b64encode(hmac.digest(key, message, "sha256")).rstrip(b"=").decode()
