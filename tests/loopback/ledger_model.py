"""The credits as the rules say, added up a second time and without the bot's code."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Terms:
    """What an account takes at most and gets back a day, in thousandths of a credit."""

    cap_mcr: int
    per_day_mcr: int


@dataclass(slots=True)
class Account:
    """One account; ``own`` is what an admin has set for it."""

    usual: Terms
    tokens: int
    at_ms: int
    held: int = 0
    used: int = 0
    added: int = 0
    own: Terms | None = None

    def earn(self, now_ms: int) -> None:
        """Add what time has brought: whole thousandths, and the rest of the time is kept for later."""
        terms = self.own or self.usual
        passed_ms, room = now_ms - self.at_ms, terms.cap_mcr - self.tokens - self.held
        earned = max(passed_ms, 0) * terms.per_day_mcr // DAY_MS
        if passed_ms > 0 and earned < room and terms.per_day_mcr:
            self.at_ms += -(-earned * DAY_MS // terms.per_day_mcr)
        else:
            earned, self.at_ms = max(min(earned, room), 0), now_ms
        self.tokens += earned
        self.added += earned

    def give(self, amount: int) -> None:
        amount = max(amount, -self.tokens)
        self.tokens += amount
        self.added += amount

    @property
    def columns(self) -> tuple[int | None, ...]:
        cap, per_day = (None, None) if self.own is None else (self.own.cap_mcr, self.own.per_day_mcr)
        return (self.tokens, self.held, self.used, self.added, self.at_ms, cap, per_day)


class LedgerModel:
    """Every account, and what each open job holds of it."""

    def __init__(self, person: Terms, place: Terms | None, everyone: Terms | None) -> None:
        self._person, self._place, self._everyone = person, place, everyone
        self.accounts: dict[str, Account] = {}
        self._holds: dict[str, tuple[list[Account], int]] = {}

    def hold(self, job_id: str, person_id: str, place: str, price: int, now_ms: int) -> None:
        accounts = [self._account(f"person:{person_id}", self._person, now_ms)]
        if place and self._place is not None:
            accounts.append(self._account(f"place:{place}", self._place, now_ms))
        if self._everyone is not None:
            accounts.append(self._account("everyone", self._everyone, now_ms))
        for account in accounts:
            account.earn(now_ms)
            assert account.tokens >= price, f"{job_id} costs {price}, there are {account.tokens}"
            account.tokens -= price
            account.held += price
        self._holds[job_id] = (accounts, price)

    def end(self, job_id: str, *, is_used: bool) -> None:
        accounts, price = self._holds.pop(job_id)
        for account in accounts:
            account.held -= price
            if is_used:
                account.used += price
            else:
                account.tokens += price

    def grant(self, person_id: str, amount: int, now_ms: int) -> None:
        account = self._account(f"person:{person_id}", self._person, now_ms)
        account.earn(now_ms)
        account.give(amount)

    def limit(self, person_id: str, own: Terms | None, now_ms: int) -> None:
        account = self._account(f"person:{person_id}", self._person, now_ms)
        account.earn(now_ms)
        account.own = own
        after = replace(account)  # what the new pace makes of the last moment is written down with the next change
        after.earn(now_ms)
        excess = after.tokens + after.held - (own or account.usual).cap_mcr
        if excess > 0:
            account.earn(now_ms)
            account.give(-excess)

    def columns(self) -> dict[str, tuple[int | None, ...]]:
        return {name: account.columns for name, account in self.accounts.items()}

    def open_jobs(self) -> Iterable[str]:
        return self._holds

    def _account(self, name: str, terms: Terms, now_ms: int) -> Account:
        if name not in self.accounts:
            self.accounts[name] = Account(terms, terms.cap_mcr, now_ms, added=terms.cap_mcr)
        return self.accounts[name]
