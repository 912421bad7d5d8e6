"""Three towns and a mailroom whose bots die at every milestone there is, in an order in which each is reached."""

from functools import partial

from bot.store.milestones import Change, FileMoment, after_commit, before_commit
from tests.chaos.town import Life, Town, change_rows, grant_credits

_KEEP_NOTHING = {"ANIMATE_RETENTION__INPUTS": "0", "ANIMATE_RETENTION__VIDEOS": "0"}
_GIVE_UP_AT_ONCE = {"ANIMATE_DELIVERY__GIVE_UP_AFTER_S": "0.001"}


async def _a_video(town: Town, name: str) -> None:
    person = town[name]
    await person.until(await person.ask("draw"), "delivered")


async def _a_failure(town: Town) -> None:
    await town["anna"].until(await town["anna"].ask("sigkill"), "failed")


async def _a_refusal(town: Town) -> None:
    await town["anna"].until(await town["anna"].ask("refuse"), "failed")


async def _a_late_cancel(town: Town) -> None:
    cleo = town["cleo"]
    asked = await cleo.ask("never-ends")
    await cleo.until_half_done(asked)
    asked.credits = "used"
    await cleo.cancel(asked)


async def _an_early_cancel(town: Town) -> None:
    ben = town["ben"]
    await ben.cancel(await ben.ask("never-ends"))


async def _a_video_that_cannot_be_sent(town: Town) -> None:
    asked = await town["dana"].ask("draw")
    asked.end, asked.credits = "undeliverable", "used"


async def _a_report(town: Town) -> None:
    anna = town["anna"]
    asked = await anna.ask("draw")
    await anna.until(asked, "delivered")
    await anna.report(asked)


async def _a_grant(town: Town) -> None:
    grant_credits(town, "anna", 5, times=2)  # an operator who gets no answer asks again
    await town["operator"].command("grant", person=town["anna"].id, credits="5")


async def _to_be_forgotten(town: Town, name: str) -> None:
    person = town[name]
    await person.until(await person.ask("draw"), "delivered")
    await person.until(await person.ask("never-ends"), "running")
    await person.ask("draw")
    await person.forget()
    await person.ask("draw")


#: One job comes to its video through a bot that dies at every step; the last milestones are those of each start.
A_VIDEO = (
    Life(FileMoment.PICTURE_WRITTEN, partial(_a_video, name="anna")),
    Life(before_commit(Change.ACCEPT)),
    Life(after_commit(Change.ACCEPT)),
    Life(before_commit(Change.CLAIM), partial(_a_video, name="ben")),
    Life(after_commit(Change.CLAIM)),
    Life(before_commit(Change.RECOVER)),
    Life(after_commit(Change.RECOVER)),
    Life(FileMoment.HANDED_OVER),
    Life(FileMoment.VIDEO_RENAMED),
    Life(FileMoment.POSTER_WRITTEN),
    Life(before_commit(Change.RENDERED)),
    Life(after_commit(Change.RENDERED)),
    Life(before_commit(Change.POSTPONE)),
    Life(after_commit(Change.POSTPONE)),
    Life(FileMoment.SENT),
    Life(before_commit(Change.DELIVERED)),
    Life(after_commit(Change.DELIVERED)),
)
NO_VIDEO = (
    Life(before_commit(Change.REQUEUE), _a_failure),
    Life(after_commit(Change.REQUEUE)),
    Life(before_commit(Change.FAIL)),
    Life(after_commit(Change.FAIL)),
    Life(before_commit(Change.TOLD)),
    Life(after_commit(Change.TOLD), _a_refusal),
    Life(after_commit(Change.CANCEL), _a_late_cancel),
    Life(before_commit(Change.CANCEL), _an_early_cancel),
    Life(after_commit(Change.RENDERED), _a_video_that_cannot_be_sent),
    Life(
        before_commit(Change.POSTPONE),
        visit=2,  # the first one is that of the start
        before=partial(change_rows, statement="UPDATE job SET channel = 'elsewhere' WHERE state = 'rendered'"),
    ),
    Life(after_commit(Change.POSTPONE), visit=2),
    Life(before_commit(Change.UNDELIVERABLE), settings=_GIVE_UP_AT_ONCE),
    Life(after_commit(Change.UNDELIVERABLE), settings=_GIVE_UP_AT_ONCE),
)
REQUESTS = (
    Life(before_commit(Change.REPORT), _a_report),
    Life(after_commit(Change.REPORT)),
    Life(before_commit(Change.ADMIN), _a_grant, visit=2),  # the first one is the line in the audit
    Life(after_commit(Change.ADMIN), visit=2),
    Life(before_commit(Change.FORGET), partial(_to_be_forgotten, name="ben")),
    Life(after_commit(Change.FORGET)),
    Life(FileMoment.FILES_DELETED, partial(_to_be_forgotten, name="cleo")),
    Life(before_commit(Change.EXPIRE), settings=_KEEP_NOTHING),
    Life(after_commit(Change.EXPIRE), settings=_KEEP_NOTHING),
    Life(after_commit(Change.DELIVERED), partial(_a_video, name="dana")),
    Life(FileMoment.FILES_DELETED, settings=_KEEP_NOTHING),
)
#: No letter is there at more deaths than starts after which it is suspected.
DEATHS_BY_MAIL = tuple(
    moment(change)
    for change in (
        *(Change.INBOX, Change.INBOX_OPEN, Change.INBOX_BEGUN, Change.INBOX_DONE),
        *(Change.NOTE, Change.MOVE, Change.REVISE),
    )
    for moment in (before_commit, after_commit)
)
