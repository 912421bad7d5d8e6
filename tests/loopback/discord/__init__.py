"""A Discord on this machine: REST, gateway and CDN on one port, for the unmodified discord.py. Cheat sheet:

    async with LoopbackDiscord.open(clock=...) as discord:     # () -> seconds since 1970, time.time unless given
        discord.point_library_at(monkeypatch)         # or, in a process of its own: Route.BASE = discord.api and
                                                      # DiscordWebSocket.DEFAULT_GATEWAY = URL(discord.gateway_url)
        bot = make_bot(token=discord.token)           # guild_ready_timeout=0 spares the library's wait before "ready",
                                                      # an own before_identify_hook its 5 s before a second IDENTIFY
        await discord.until_ready()                   # connected, commands registered
    discord.application_id .cdn_host .api .gateway_url .port

    guild = discord.guild("Harbour", tier=0, owner=..., bot_installed=True); channel = guild.channel("sea", nsfw=False)
    anna = discord.user("anna", locale="de", has_installed=False, upload_limit=bytes)
    guild.join(anna, roles=["vip"], permissions="MANAGE_GUILD"); guild.leave(anna); guild.kick_bot(); guild.add_bot()
    thread = channel.thread("talk"); group = discord.group_dm(anna, ben[, carl])      # the group is without the bot
    place: channel | thread | discord.dm(anna) | group
    channel.deny("ATTACH_FILES"[, to="members"]); channel.allow(...); channel.delete(); channel.automod_blocks = True
    message = channel.message(anna, "look", Upload("a.png", data)); message.delete(); anna.close_dms(); anna.open_dms()

    sent = await anna.command(place, "animate", image=Upload("a.png", data), prompt="push in"[, user_install=True])
    await anna.command(place, "admin pause"); await anna.message_command(place, "Animate", message)
    choices = await anna.autocomplete(place, "animate", "prompt", "har")         # [Choice(name, value)]
    sent = await anna.press(message, "Cancel"[, values=["slow"]])     # label, emoji, placeholder or start of custom_id
    sent = await anna.submit(sent.modal, {"Prompt": "..", "custom_id": Upload(..), "Shape": ["wide"]})
    # Each waits for the first response (3 s of real time at most); wait=False does not. NotOffered (an AssertionError):
    # the app would not allow it (unknown or missing option, wrong place, greyed out, not shown to this person).
    sent.acknowledged_after_s .failed .response .followups .modal (.title .fields .text) ; await sent.answered()
    message = await sent.until(lambda m: m.videos)    # ignores the message while it says the bot is thinking

    message.text .buttons (.label .custom_id .disabled) .labels .selects .videos .images .shown .attachments (.data
        .filename .size_bytes .content_type .is_spoiler) .is_ephemeral .is_loading .is_v2 .edits (times) .revisions
        (.text .filenames .buttons) .pings .reference .deleted .recipient .author
    channel.messages (what all see), anna.sees(channel) (and what only she sees), discord.messages
    await discord.until(lambda: channel.messages)    # looks again at every change; NeverHappened says how things stand

    discord.calls: Call(.method .path .template .json .files .status .error_code .answer .at_s .params .query .lost)
    discord.calls_to("PATCH", "messages"); discord.downloads; discord.commands, discord.commands_of(guild)
    discord.on_call = hook(call, "before" | "after")  # may be async
    discord.faults.next("PATCH", "messages", status=503 | status=403, code=50013 | retry_after=0.2 | lost_answer=True
        | reset=True | slow_s=0.1, count=1 | None, rate=0.5, random=Random(7)); held = discord.faults.hold("POST",
        "callback"); held.release(); discord.faults.clear(); "/cdn/" as the fragment spoils downloads
    discord.rates.enforce(limit=5, window_s=5.0[, global_per_s=50]); discord.rates.relax(); discord.rates.refusals
    await discord.gateway.drop(resumable=True); .cut(); .invalidate(); .ask_to_reconnect(); .refuse_next_handshake(2)
    discord.gateway.is_ready .connections .identifies .resumes (.accepted .replayed) .presences .heartbeats
    discord.gateway.ignores_heartbeats = True; .heartbeat_interval_ms = 50     # before the bot connects: a dead line
    new_token = await discord.revoke_token()

    Afterwards: assert discord.violations == [] (bodies against Discord's OpenAPI document; discord.validates says
    whether it is there) and discord.protocol_errors == []; discord.invalid_requests counts 401, 403 and 429.

In a thread of its own: with DiscordInThread() as far: far.discord, far.do(lambda discord: ...), far.run(coroutine).
"""

from tests.loopback.changes import NeverHappened

from .apart import DiscordInThread
from .call import Call
from .files import StoredFile, Upload
from .invoking import NotOffered
from .message import Message, Revision
from .person import Person
from .places import Channel, Guild
from .sent import Choice, Modal, Sent
from .server import LoopbackDiscord

__all__ = [
    "Call",
    "Channel",
    "Choice",
    "DiscordInThread",
    "Guild",
    "LoopbackDiscord",
    "Message",
    "Modal",
    "NeverHappened",
    "NotOffered",
    "Person",
    "Revision",
    "Sent",
    "StoredFile",
    "Upload",
]
