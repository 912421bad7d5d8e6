"""How a body becomes a message, or changes one: the rules that all routes share."""

import re
from dataclasses import dataclass
from typing import Any

from . import component_rules
from .call import FilePart
from .errors import BLOCKED_BY_AUTOMOD, EMPTY_MESSAGE, TOO_LARGE, ApiError, invalid_body
from .files import StoredFile, Upload
from .message import COMPONENTS_V2, EPHEMERAL, LOADING, SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS, Message
from .places import Channel
from .world import World

Json = dict[str, Any]

MAX_CONTENT = 2000
MAX_FILES = 10
_SETTABLE = SUPPRESS_EMBEDS | EPHEMERAL | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2


@dataclass(frozen=True, slots=True)
class Written:
    """What a request says a message shall be."""

    body: Json
    files: dict[int, FilePart]
    limit_bytes: int


def create(world: World, channel: Channel, written: Written, *, interaction: Any = None) -> Message:
    """The bot's new message, shown to everyone in the channel (or to one person, if it is ephemeral).

    ApiError when Discord would refuse it; nothing has changed then.
    """
    message = Message(world.next_id(), channel, world.bot, world.clock(), interaction=interaction)
    if interaction is not None:
        message.recipient = interaction.user
    message.flags = int(written.body.get("flags") or 0) & (_SETTABLE if interaction else _SETTABLE & ~EPHEMERAL)
    nonce = written.body.get("nonce")
    message.nonce = None if nonce is None else str(nonce)
    reference = written.body.get("message_reference")
    if reference:
        message.reference = {"type": 0, "channel_id": str(channel.id)} | reference
    _apply(world, message, written)
    world.add_message(message)
    return message


def edit(world: World, message: Message, written: Written) -> Message:
    """The message as the body changes it; what the body does not name stays.

    ApiError when Discord would refuse it; the message is then as it was.
    """
    wanted = int(written.body.get("flags") or 0)
    draft = Message(message.id, message.channel, message.author, message.created_s)
    draft.content, draft.components, draft.embeds = message.content, message.components, message.embeds
    draft.attachments, draft.pings = list(message.attachments), message.pings
    keeps = message.flags & (EPHEMERAL | COMPONENTS_V2 | SUPPRESS_NOTIFICATIONS)
    draft.flags = keeps | wanted & (SUPPRESS_EMBEDS | COMPONENTS_V2)
    draft.reference = message.reference
    _apply(world, draft, written)
    message.content, message.components, message.embeds = draft.content, draft.components, draft.embeds
    message.attachments, message.flags, message.pings = draft.attachments, draft.flags, draft.pings
    world.message_changed(message)
    return message


def loading(world: World, channel: Channel, flags: int, interaction: Any) -> Message:
    """The message that says the bot is thinking."""
    message = Message(world.next_id(), channel, world.bot, world.clock(), interaction=interaction)
    message.flags = LOADING | flags & EPHEMERAL
    message.recipient = interaction.user
    world.add_message(message)
    return message


def _apply(world: World, message: Message, written: Written) -> None:
    body = written.body
    if "content" in body:
        message.content = body["content"] or ""
    if "embeds" in body:
        message.embeds = body["embeds"] or []
    if "components" in body:
        message.components = body["components"] or []
        component_rules.number(message.components)
    if len(message.content) > MAX_CONTENT:
        raise invalid_body("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
    if message.is_v2 and (message.content or message.embeds or body.get("poll") or body.get("sticker_ids")):
        raise invalid_body(
            "content",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            "The 'content' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
        )
    uploads = _uploads(written)
    kept = _kept(message, written)
    names = [upload.filename for upload in uploads] + [stored.asked_filename for stored in kept]
    component_rules.check_message(
        message.components, is_v2=message.is_v2, filenames=[*names, *(stored.filename for stored in kept)]
    )
    if any(len(upload.data) > written.limit_bytes for upload in uploads):
        raise ApiError(TOO_LARGE)
    if message.channel.automod_blocks:
        raise ApiError(BLOCKED_BY_AUTOMOD)
    if not (message.content or message.embeds or message.components or uploads or kept or body.get("poll")):
        raise ApiError(EMPTY_MESSAGE)
    folder = "ephemeral-attachments" if message.is_ephemeral else "attachments"
    message.attachments = kept + [world.cdn.store(upload, f"{folder}/{message.channel.id}") for upload in uploads]
    message.pings = _pings(message, body)


def _uploads(written: Written) -> list[Upload]:
    described = {str(one["id"]): one for one in written.body.get("attachments") or []}
    if len(written.files) > MAX_FILES:
        raise invalid_body("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    uploads = []
    for index, part in sorted(written.files.items()):
        about = described.get(str(index), {})
        uploads.append(Upload(about.get("filename") or part.filename, part.data, None, None, about.get("description")))
    return uploads


def _kept(message: Message, written: Written) -> list[StoredFile]:
    if written.body.get("attachments") is None:
        # A null means none, a missing key means all.
        return [] if "attachments" in written.body else list(message.attachments)
    known = {stored.id: stored for stored in message.attachments}
    kept = []
    for index, one in enumerate(written.body["attachments"]):
        attachment_id = int(one["id"])
        if attachment_id in written.files:
            continue
        if attachment_id not in known:
            raise invalid_body(f"attachments.{index}.id", "ATTACHMENT_NOT_FOUND", f"No file {attachment_id} here.")
        kept.append(known[attachment_id])
    return kept


def _pings(message: Message, body: Json) -> list[str]:
    """Ids of users and roles, or "everyone", that the text would notify."""
    text = "\n".join((message.content, *(part for part in [message.text] if message.is_v2)))
    allowed = body.get("allowed_mentions")
    parse = ["users", "roles", "everyone"] if allowed is None else allowed.get("parse") or []
    named = (
        {} if allowed is None else {kind: {str(one) for one in allowed.get(kind) or []} for kind in ("users", "roles")}
    )
    pings = [one for one in re.findall(r"<@!?(\d+)>", text) if "users" in parse or one in named.get("users", set())]
    pings += [one for one in re.findall(r"<@&(\d+)>", text) if "roles" in parse or one in named.get("roles", set())]
    if "everyone" in parse and re.search(r"@(everyone|here)\b", text):
        pings.append("everyone")
    replies_aloud = message.reference is not None and (allowed is None or bool(allowed.get("replied_user")))
    if replies_aloud and message.reference is not None:
        original = message.channel.all_messages.get(int(message.reference.get("message_id", 0)))
        pings += [str(original.author.id)] if original else []
    return list(dict.fromkeys(pings))
