"""What ``animate-bot doctor`` says of Telegram."""

from bot.domain.doctor_words import Words

_BOTFATHER = "https://t.me/BotFather"


def no_token() -> Words:
    return Words("No token: the bot is not on Telegram. The README says how it gets there, under Telegram")


# --- whether it answers ---


def out_of_reach(server: str, reason: str) -> Words:
    return Words(
        f"Telegram cannot be reached at {server}: {reason}",
        "See to this machine's network, telegram.proxy and telegram.base_url, and ask again; a running bot goes on"
        " trying by itself.",
    )


def answers_badly(server: str, reason: str) -> Words:
    return Words(
        f"{server} answers with {reason}: not everything could be checked",
        "Ask again in a few minutes. Where telegram.base_url names a server of your own, its log says more.",
    )


def token_is_wrong() -> Words:
    return Words(
        "Telegram does not take the token",
        f"Send /token to {_BOTFATHER}, choose the bot, and set ANIMATE_TELEGRAM__TOKEN to what it answers.",
    )


def token_is_unknown_there(server: str) -> Words:
    return Words(
        f"{server} does not take the token, or is no Bot API server",
        "Open telegram.base_url in a browser: a Bot API server answers with JSON. If it does, ask for the token again"
        f" at {_BOTFATHER} with /token, and set ANIMATE_TELEGRAM__TOKEN to it.",
    )


def logged_out(server: str) -> Words:
    return Words(
        f"The bot has logged out of {server}, to work with another Bot API server",
        "Set telegram.base_url to that server, or wait ten minutes: then this one takes the bot back.",
    )


def token_works(name: str, username: str, number: int) -> Words:
    return Words(f"The token is valid; the bot is {name} (@{username}, {number}), at https://t.me/{username}")


# --- where it works, and how large files may be ---


def in_the_cloud() -> Words:
    return Words("Telegram's own server is used: it takes pictures up to 20 MB and videos up to 50 MB")


def own_server(server: str) -> Words:
    return Words(
        f"The Bot API server {server} is used with the limits of Telegram's own: 20 MB in, 50 MB out."
        " Started with --local and with telegram.local_mode on, it takes more"
    )


def own_server_is_local(server: str) -> Words:
    return Words(f"The Bot API server {server} is used in local mode: it takes videos up to 2000 MB")


def cloud_is_not_local() -> Words:
    return Words(
        "telegram.local_mode is on, and Telegram's own server is used, which has no such mode",
        "Set telegram.base_url to a Bot API server of your own that was started with --local, or switch the mode off.",
    )


# --- groups ---


def hears_everything() -> Words:
    return Words("Privacy mode is off: in groups /animate and mentions of the bot are heard as they are")


def hears_what_is_for_it(username: str) -> Words:
    return Words(
        f"Privacy mode is on: in groups it hears /animate@{username} and replies to its own messages. Where it is an"
        f" admin it hears mentions as well; /setprivacy at {_BOTFATHER} switches the mode off everywhere"
    )


def can_join_groups() -> Words:
    return Words("It can be added to groups")


def cannot_join_groups() -> Words:
    return Words(
        "It cannot be added to groups",
        f"If it is meant to work in groups, send /setjoingroups to {_BOTFATHER} and choose Enable.",
    )


# --- how updates come ---


def polls() -> Words:
    return Words("Messages are fetched (no webhook): only one program may do so with this token")


def webhook_in_the_way(host: str) -> Words:
    return Words(
        f"Telegram sends messages to a webhook at {host}, and the settings name none; the bot removes it at its start",
        "If another program is meant to get them, give this bot a token of its own.",
    )


def webhook_is_set(host: str, pending: int) -> Words:
    return Words(f"Messages come to the webhook at {host}; {_pending(pending)}")


def webhook_is_elsewhere(host: str, wanted: str) -> Words:
    now = f"Telegram sends messages to {host}" if host else "Telegram sends messages nowhere yet"
    return Words(f"{now}, and not to telegram.webhook_url at {wanted}", "The bot changes that when it starts.")


def webhook_fails(host: str, pending: int, reason: str) -> Words:
    return Words(
        f"The webhook at {host} does not take messages: {reason}; {_pending(pending)}",
        "See that the bot runs, that telegram.webhook_url leads to its page, and that the certificate is valid.",
    )


def _pending(count: int) -> str:
    return f"{count or 'no'} {'message waits' if count == 1 else 'messages wait'}"


# --- notices ---


def notices_go_to(chat: str) -> Words:
    return Words(f"Notices for the operator go to {chat}")


def notices_go_nowhere(chat: int) -> Words:
    return Words(
        f"The chat for notices ({chat}) is none that the bot can see",
        "Add the bot to that group, or press Start in your own chat with it; telegram.admin_chat is the chat's number.",
    )


def notices_cannot_be_written(chat: str) -> Words:
    return Words(
        f"The bot may not write to {chat}, where notices are to go",
        "Let it send messages there, or unblock it where that is your own chat with it.",
    )


def notices_have_moved(chat: int, new: int) -> Words:
    return Words(
        f"The group for notices ({chat}) has become the supergroup {new}",
        f"Set ANIMATE_TELEGRAM__ADMIN_CHAT to {new}.",
    )
