"""Answers to interactions: the first within three seconds, the others by the token while it lives."""

import asyncio
from typing import Any

from . import component_rules
from .call import Answer, Call
from .errors import (
    ALREADY_ACKNOWLEDGED,
    EXPIRED_TOKEN,
    MISSING_ACCESS,
    TOO_MANY_FOLLOWUPS,
    UNKNOWN_CHANNEL,
    UNKNOWN_INTERACTION,
    UNKNOWN_MESSAGE,
    UNKNOWN_WEBHOOK,
    ApiError,
    invalid_body,
)
from .front import Route
from .interaction import AUTOCOMPLETE, COMPONENT, MODAL_SUBMIT, Interaction
from .message import EPHEMERAL, LOADING, Message
from .payloads import message as message_json
from .permissions import holds
from .world import World
from .writing import Written, create, edit, loading

Json = dict[str, Any]

PONG, MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
MAX_CHOICES = 25
MAX_FOLLOWUPS_OUTSIDE = 5
MAX_KNOCKS = 3  # a bot may not know yet; after three refusals it does


def _respond(world: World, call: Call) -> Answer:
    interaction = world.interactions.get(call.params["interaction_token"])
    if interaction is None or interaction.failed or interaction.id != call.id_of("interaction_id"):
        raise ApiError(UNKNOWN_INTERACTION)
    if interaction.is_answered:
        raise ApiError(ALREADY_ACKNOWLEDGED)
    kind = int(call.body["type"])
    _check_kind(interaction, kind)
    _act(world, interaction, kind, call)
    interaction.response_type = kind
    interaction.answered_after_s = asyncio.get_running_loop().time() - interaction.sent_at_s
    if call.query.get("with_response", "").lower() not in ("1", "true"):
        return Answer(204)
    return Answer(json=_callback_body(world, interaction, kind))


def _check_kind(interaction: Interaction, kind: int) -> None:
    has_source = interaction.kind in (COMPONENT, MODAL_SUBMIT) and interaction.source is not None
    fits = {
        PONG: False,
        CHOICES: interaction.kind == AUTOCOMPLETE,
        DEFERRED_UPDATE: has_source,
        UPDATE: has_source,
        MODAL: interaction.kind not in (AUTOCOMPLETE, MODAL_SUBMIT),
    }.get(kind, kind in (MESSAGE, DEFERRED_MESSAGE) and interaction.kind != AUTOCOMPLETE)
    if not fits:
        raise invalid_body("type", "BASE_TYPE_CHOICES", f"Not an answer to this interaction: {kind}.")


def _act(world: World, interaction: Interaction, kind: int, call: Call) -> None:
    data = _with_forced_flags(world, interaction, call.body.get("data") or {})
    written = Written(data, call.files, interaction.attachment_limit_bytes)
    if kind == MESSAGE:
        interaction.original = create(world, interaction.channel, written, interaction=interaction)
    elif kind == DEFERRED_MESSAGE:
        interaction.original = loading(world, interaction.channel, int(data.get("flags") or 0), interaction)
    elif kind == DEFERRED_UPDATE:
        interaction.original = interaction.source
    elif kind == UPDATE:
        assert interaction.source is not None
        interaction.original = edit(world, interaction.source, written)
    elif kind == CHOICES:
        interaction.choices = data.get("choices") or []
        if len(interaction.choices) > MAX_CHOICES:
            raise invalid_body("data.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    elif kind == MODAL:
        component_rules.check_modal(data)
        component_rules.number(data["components"])
        interaction.modal = data


def _with_forced_flags(world: World, interaction: Interaction, data: Json) -> Json:
    """Where a person may not use apps of their own aloud, what these say is for that person alone."""
    if not interaction.only_user_installed or interaction.channel.guild is None:
        return data
    if holds(world.member_permissions(interaction.channel, interaction.user), "USE_EXTERNAL_APPS"):
        return data
    return data | {"flags": int(data.get("flags") or 0) | EPHEMERAL}


def _callback_body(world: World, interaction: Interaction, kind: int) -> Json:
    about: Json = {"id": str(interaction.id), "type": interaction.kind}
    body: Json = {"interaction": about}
    original = interaction.original
    if original is not None:
        about |= {
            "response_message_id": str(original.id),
            "response_message_loading": bool(original.flags & LOADING),
            "response_message_ephemeral": original.is_ephemeral,
        }
    if original is not None and kind in (MESSAGE, UPDATE):
        body["resource"] = {"type": kind, "message": message_json(world, original)}
    return body


def _by_token(world: World, call: Call) -> Interaction:
    interaction = world.interactions.get(call.params["webhook_token"])
    if interaction is None or call.id_of("webhook_id") != world.application_id or not interaction.is_answered:
        raise ApiError(UNKNOWN_WEBHOOK)
    if interaction.is_expired(world.clock()):
        interaction.knocks += 1
        misuse = "a token that has expired is tried again and again" if interaction.knocks > MAX_KNOCKS else None
        raise ApiError(EXPIRED_TOKEN, misuse=misuse)
    if interaction.channel.deleted:
        raise ApiError(UNKNOWN_CHANNEL)
    guild = interaction.channel.guild
    if guild is not None and not guild.bot_installed and not interaction.only_user_installed:
        # What Discord does with the tokens of a bot that was thrown out is not documented; this is the worst case.
        raise ApiError(MISSING_ACCESS)
    return interaction


def _message(world: World, call: Call) -> tuple[Interaction, Message]:
    interaction = _by_token(world, call)
    if "message_id" not in call.params:
        message = interaction.original
    else:
        mine = [interaction.original, *interaction.followups]
        message = next((one for one in mine if one is not None and one.id == call.id_of("message_id")), None)
    if message is None or message.deleted:
        raise ApiError(UNKNOWN_MESSAGE)
    return interaction, message


def _get(world: World, call: Call) -> Answer:
    return Answer(json=message_json(world, _message(world, call)[1]))


def _edit(world: World, call: Call) -> Answer:
    interaction, message = _message(world, call)
    edit(world, message, Written(call.body, call.files, interaction.attachment_limit_bytes))
    return Answer(json=message_json(world, message))


def _delete(world: World, call: Call) -> Answer:
    world.delete_message(_message(world, call)[1])
    return Answer(204)


def _follow_up(world: World, call: Call) -> Answer:
    interaction = _by_token(world, call)
    data = _with_forced_flags(world, interaction, call.body)
    written = Written(data, call.files, interaction.attachment_limit_bytes)
    original = interaction.original
    if original is not None and original.is_loading and not original.deleted:
        # The first follow-up after a deferral takes the place of the message that says the bot is thinking.
        return Answer(json=message_json(world, edit(world, original, written)))
    if interaction.only_user_installed and len(interaction.followups) >= MAX_FOLLOWUPS_OUTSIDE:
        raise ApiError(TOO_MANY_FOLLOWUPS)
    message = create(world, interaction.channel, written, interaction=interaction)
    interaction.followups.append(message)
    return Answer(json=message_json(world, message))


_HOOK = "/webhooks/{webhook_id}/{webhook_token}"

ROUTES = [
    Route("POST", "/interactions/{interaction_id}/{interaction_token}/callback", _respond, needs_token=False),
    Route("POST", _HOOK, _follow_up, needs_token=False),
    *(
        Route(method, f"{_HOOK}/messages/{which}", action, needs_token=False)
        for which in ("@original", "{message_id}")
        for method, action in (("GET", _get), ("PATCH", _edit), ("DELETE", _delete))
    ),
]
