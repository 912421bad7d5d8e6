"""Intake: from what a person sent to an accepted job, or one clear no. Nothing is held before everything is checked."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping

from bot.domain.job import Job, JobState, Origin, Requester
from bot.domain.options import VideoOptions, read_options
from bot.domain.refusals import RefusalCode, Refused
from bot.service.acceptance import Acceptance, Checked, Overtaken
from bot.service.admission import Admission
from bot.service.animator import Decoder
from bot.service.fair_queue import FairQueue
from bot.service.views import Circumstances, Fetch, IncomingRequest, JobView, Revision
from bot.service.worker import RenderPlan
from bot.store import jobs
from bot.store.database import Database
from bot.store.files import JobFiles
from generation.errors import ErrorCode, PictureRejected
from generation.picture import Picture

#: Each may be as large as a picture may be: of those that are fetched, no more than so many of each platform are in
#: memory until they are decoded; how many are sent to us at once is the page's affair.
_FETCHED_AT_ONCE = 8
_DECODED_AT_ONCE = 8  # from all platforms
_UNKNOWN_CIRCUMSTANCES = Circumstances()


class Intake:
    """Takes requests: new ones, old ones once more, and other words for what still waits."""

    def __init__(
        self,
        database: Database,
        admission: Admission,
        acceptance: Acceptance,
        queue: FairQueue,
        files: JobFiles,
        decoder: Decoder,
        plan: RenderPlan,
        max_picture_bytes: int,
    ) -> None:
        self._database, self._admission, self._acceptance, self._queue = database, admission, acceptance, queue
        self._files, self._decoder, self._plan = files, decoder, plan
        self._max_picture_bytes = max_picture_bytes
        # For each platform by itself: a slow one must not keep the pictures of the others waiting.
        self._fetching: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_FETCHED_AT_ONCE))
        self._decoding = asyncio.Semaphore(_DECODED_AT_ONCE)

    async def submit(self, requester: Requester, origin: Origin, request: IncomingRequest) -> JobView:
        """Return the accepted job; the same key from the same requester gives the same job again.

        Raises Refused, RequestRejected or PictureRejected; then nothing is held and nothing is kept.
        """
        ask = self._acceptance.ask(requester)
        known = await self._acceptance.known(requester, request.key)
        if known is not None:
            return known
        circumstances = request.circumstances
        await self._admission.require(requester, origin.place, circumstances)
        options = read_options(request.prompt, request.options or {})
        options.check(self._plan.model, self._plan.capabilities, has_end_picture=request.end_picture is not None)
        start = await self._open(origin.channel, request.picture)
        end = None if request.end_picture is None else await self._open(origin.channel, request.end_picture)
        return await self._acceptance.accept(
            Checked(ask, requester, origin, request.key, options, start, end, circumstances.roles)
        )

    async def again(
        self,
        requester: Requester,
        origin: Origin,
        job_id: str,
        changes: Mapping[str, str | None],
        key: str = "",
        *,
        seen: bool = False,
        circumstances: Circumstances = _UNKNOWN_CIRCUMSTANCES,
        by_admin: bool = False,
    ) -> JobView:
        """Return a new job with the picture of an old one, its options changed, and a new seed if none is given.

        ``seen``: the channel knows that the requester looks at the old job's message, so that it need not be their own.
        ``by_admin``: somebody who may see every job asks, for the requester, and neither rate nor room counts.
        Raises what ``submit`` raises, and Refused(UNKNOWN_JOB, PICTURE_GONE).
        """
        ask = self._acceptance.ask(requester)
        known = await self._acceptance.known(requester, key)
        if known is not None:
            return known
        job = await self._database.read(lambda tx: jobs.find(tx, job_id))
        if job is None or not (seen or job.requester.id == requester.id):
            raise Refused(RefusalCode.UNKNOWN_JOB, job=job_id)
        if not by_admin:
            await self._admission.require(requester, origin.place, circumstances)
        if not job.has_picture:
            raise Refused(RefusalCode.PICTURE_GONE, job=job_id)
        options = read_options(job.prompt, job.options).with_changes({"seed": None, **changes})
        start, end = await self._pictures_of(job)
        return await self._acceptance.accept(
            Checked(ask, requester, origin, key, options, start, end, circumstances.roles)
        )

    async def revise(
        self,
        requester: Requester,
        key: str,
        prompt: str,
        options: Mapping[str, str],
        *,
        roles: frozenset[str] = frozenset(),
    ) -> Revision:
        """Have a waiting job made with other words: another job of the same key, picture and address stands for it.

        It waits as if the old one had been cancelled and this one asked for; nobody is told of that cancel. Where the
        words are the same, or the job is over, nothing changes.
        Raises Refused, also with ALREADY_STARTED, or RequestRejected; then the old job waits as before.
        """
        is_let_in = False
        while True:
            job = await self._database.read(lambda tx: jobs.find_by_key(tx, requester.id, key)) if key else None
            if job is None:
                return Revision(None, None)
            if job.is_over:
                return Revision(self._queue.view_of(job), None)
            wanted = read_options(prompt, options)
            if (job.prompt, dict(job.options)) == (wanted.prompt, dict(wanted.texts)):
                return Revision(self._queue.view_of(job), None)
            if job.state is not JobState.QUEUED:
                raise Refused(RefusalCode.ALREADY_STARTED, job=job.id)
            if not is_let_in:
                await self._admission.require_for_revision(requester)
                is_let_in = True
            try:
                view = await self._replace(job, requester, key, wanted, roles)
            except Overtaken:
                continue  # a lane has just taken it, or somebody was quicker: what it is now decides
            return Revision(view, job.id)

    def void(self, person_id: str) -> None:
        """Let nothing that a person has asked for until now become a job: they are being forgotten."""
        self._acceptance.void(person_id)

    async def settle(self) -> None:
        """Wait until everything that is being accepted has been, or not."""
        await self._acceptance.settle()

    async def _replace(
        self, job: Job, requester: Requester, key: str, wanted: VideoOptions, roles: frozenset[str]
    ) -> JobView:
        ask = self._acceptance.ask(requester)
        try:
            start, end = await self._pictures_of(job)
        except Refused as gone:  # with the job, as a rule
            now = await self._database.read(lambda tx: jobs.find(tx, job.id))
            if now is None or now.state is not JobState.QUEUED:
                raise Overtaken from gone
            raise
        checked = Checked(ask, requester, job.origin, key, wanted, start, end, roles)
        return await self._acceptance.accept(checked, instead_of=job)

    async def _pictures_of(self, job: Job) -> tuple[Picture, Picture | None]:
        """Return the pictures that a job was made of. Raises Refused(PICTURE_GONE)."""
        try:
            start = await asyncio.to_thread(self._files.load_picture, self._files.picture(job.id))
            end_path = self._files.end_picture(job.id) if job.has_end_picture else None
            end = None if end_path is None else await asyncio.to_thread(self._files.load_picture, end_path)
        except FileNotFoundError as error:
            raise Refused(RefusalCode.PICTURE_GONE, job=job.id) from error
        return start, end

    async def _open(self, channel: str, picture: bytes | Fetch) -> Picture:
        if isinstance(picture, bytes):
            return await self._decode(picture)
        async with self._fetching[channel]:
            return await self._decode(await picture())

    async def _decode(self, data: bytes) -> Picture:
        if len(data) > self._max_picture_bytes:
            raise PictureRejected(ErrorCode.PICTURE_TOO_MANY_BYTES, bytes=len(data), max_bytes=self._max_picture_bytes)
        async with self._decoding:
            return await self._decoder.decode(data)
