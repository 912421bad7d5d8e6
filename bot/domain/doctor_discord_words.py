"""What ``animate-bot doctor`` says of Discord."""

from collections.abc import Sequence

from bot.domain.doctor_words import Words

_PORTAL = "https://discord.com/developers/applications"


def no_token() -> Words:
    return Words("No token: the bot is not on Discord. The README says how it gets there, under Discord")


# --- whether it answers ---


def out_of_reach(reason: str) -> Words:
    return Words(
        f"Discord cannot be reached: {reason}",
        "See to this machine's network and ask again; a running bot goes on trying by itself.",
    )


def answers_badly(status: int) -> Words:
    return Words(
        f"Discord answers with {status}: not everything could be checked",
        "Ask again in a few minutes; https://discordstatus.com says whether Discord itself is down.",
    )


def token_is_wrong() -> Words:
    return Words(
        "Discord does not take the token",
        f'Press "Reset Token" under Bot at {_PORTAL}, and set ANIMATE_DISCORD__TOKEN to what it shows then.',
    )


def token_works(name: str, application: int) -> Words:
    return Words(f"The token is valid; the application is {name} ({application})")


def gateway_is_open(remaining: int, total: int) -> Words:
    return Words(f"The gateway can be reached; {remaining} of {total} logins are left")


def gateway_is_closed(host: str, reason: str) -> Words:
    return Words(
        f"The gateway {host} cannot be reached, over which everything from people comes: {reason}",
        "Let WebSockets (wss) to it pass the firewall or proxy.",
    )


def no_logins_left(minutes: int) -> Words:
    return Words(
        f"No login is left; Discord gives new ones in {minutes} minutes",
        "Leave a running bot alone until then. Something starts it again and again: its log says why.",
    )


def endpoint_is_set(url: str, application: int) -> Words:
    return Words(
        f"Discord sends commands and buttons to {url}, and none to this bot",
        f'Empty "Interactions Endpoint URL" at {_PORTAL}/{application}/information, and save.',
    )


def intents_are_off() -> Words:
    return Words("No privileged intent is needed, and none is switched on")


def intents_are_on(names: Sequence[str]) -> Words:
    return Words(f"No privileged intent is needed; switched on, and free to be switched off: {', '.join(names)}")


# --- who can install it ---


def installable(*, is_public: bool) -> Words:
    return Words(f"Servers and people can install it; {'everybody' if is_public else 'only its owner'} may do so")


def no_install(by: str, application: int) -> Words:
    return Words(
        f"{'Servers' if by == 'Guild' else 'People'} cannot install it",
        f'Switch on "{by} Install" under Installation Contexts at {_PORTAL}/{application}/installation, and save.',
    )


def install_lacks(by: str, scopes: Sequence[str], permissions: Sequence[str], application: int) -> Words:
    kinds = (("scopes", scopes), ("permissions", permissions))
    lacking = " and ".join(f"the {kind} {', '.join(names)}" for kind, names in kinds if names)
    return Words(
        f"{by} Install does not ask for {lacking}",
        f"Add them under Default Install Settings at {_PORTAL}/{application}/installation, and save.",
    )


def needs_code_grant(application: int) -> Words:
    return Words(
        "It cannot be installed by a link: an OAuth2 code grant is required",
        f'Switch off "Requires OAuth2 Code Grant" at {_PORTAL}/{application}/bot, and save.',
    )


def install_link(link: str, kind: str = "") -> Words:
    return Words(f"To install it {kind}: {link}" if kind else f"To install it: {link}")


# --- where it is ---


def in_servers(count: int, people: int) -> Words:
    servers = "no server" if not count else "1 server" if count == 1 else f"{count} servers"
    owners = "1 person has" if people == 1 else f"{people or 'no'} people have"
    return Words(f"It is in {servers}, and {owners} it for themselves")


def servers_lack(lacking: Sequence[tuple[str, Sequence[str]]], more: int) -> Words:
    shown = [f"{server} ({', '.join(permissions)})" for server, permissions in lacking]
    rest = [f"{more} more"] if more else []
    return Words(
        f"Its roles lack permissions in {', '.join([*shown, *rest])}",
        "Whoever manages the server gives them to its role, or installs it once more. Without them, a video that takes"
        " longer than 15 minutes comes as a direct message.",
    )


def commands_registered(names: Sequence[str]) -> Words:
    return Words(f"Registered: {', '.join(names)}")


def no_commands_yet() -> Words:
    return Words("No command is registered yet; the bot does that when it starts")


def notices_go_to(channel: str) -> Words:
    return Words(f"Notices for the operator go to {channel}")


def notices_go_nowhere(channel: int) -> Words:
    return Words(
        f"The channel for notices ({channel}) is none that the bot can see",
        "Add the bot to that channel, or set ANIMATE_DISCORD__ADMIN_CHANNEL to the ID of another one.",
    )
