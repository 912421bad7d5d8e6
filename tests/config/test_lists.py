"""Settings with several values: who is an admin, by which names the page is reached, who has a token for it."""

from pathlib import Path

import pytest

from config.settings import SettingsError, load_settings
from tests.config.reading import problems, write_toml

ANN = "ann-" + "a1B2" * 6
BOB = "bob:" + "c3D4" * 6  # a token may hold a colon
OPERATOR = "operator-" + "e5F6" * 4


def test_admins_are_a_list_in_the_file_or_a_text_with_commas(home: Path) -> None:
    """Blanks, capitals and repetitions make no difference; an empty text or list is nobody."""
    expected = ("discord:80351110224678912", "telegram:456", "web:ann")
    file = write_toml(home / "it.toml", {"admins": ["discord:80351110224678912", " telegram:456", "web:ann", ""]})
    assert load_settings({"HOME": str(home), "ANIMATE_CONFIG": str(file)}).admins == expected
    text = " Discord:80351110224678912,telegram:456 ,,web:ann, discord:80351110224678912,"
    assert load_settings({"HOME": str(home), "ANIMATE_ADMINS": text}).admins == expected
    assert load_settings({"HOME": str(home), "ANIMATE_ADMINS": " , "}).admins == ()
    in_file = {"HOME": str(home), "ANIMATE_CONFIG": str(file), "ANIMATE_ADMINS": ""}
    assert load_settings(in_file).admins == expected


@pytest.mark.parametrize(
    "wrong", ["123", "discord:ann", "telegram:-100", "discord:", "matrix:1", "web:Ann B", "web:", "discord:1٣"]
)
def test_an_admin_who_is_no_person_is_an_error(home: Path, wrong: str) -> None:
    """Which one of the list it is, and how a person is written, is told."""
    message = problems({"HOME": str(home), "ANIMATE_ADMINS": f"discord:1,{wrong}"})
    rule = "item 2 must be discord:ID or telegram:ID, where ID is a number, or web:NAME"
    assert f"admins (variable ANIMATE_ADMINS): {rule}; it is 'discord:1,{wrong}'" in message


def test_discord_roles_are_ids_in_the_file_or_a_text_with_commas(home: Path) -> None:
    """An ID may be a number or a text in the file; blanks and repetitions make no difference; nothing is no role."""
    expected = ("80351110224678912", "80351110224678913")
    file = write_toml(home / "it.toml", {"discord.admin_roles": [80351110224678912, " 80351110224678913", ""]})
    assert load_settings({"HOME": str(home), "ANIMATE_CONFIG": str(file)}).discord.admin_roles == expected
    text = " 80351110224678912,,80351110224678913, 80351110224678912,"
    assert load_settings({"HOME": str(home), "ANIMATE_DISCORD__ADMIN_ROLES": text}).discord.admin_roles == expected
    assert load_settings({"HOME": str(home)}).discord.admin_roles == ()


@pytest.mark.parametrize("wrong", ["<@&80351110224678912>", "Moderators", "-1", "0", "1.5", "1٣", "1" * 21])
def test_a_role_is_named_by_its_id(home: Path, wrong: str) -> None:
    """A mention or a name finds no role; which one of the list it is, is told."""
    message = problems({"HOME": str(home), "ANIMATE_DISCORD__ADMIN_ROLES": f"80351110224678912,{wrong}"})
    rule = "item 2 must be a Discord ID, which is a number"
    shown = f"it is '80351110224678912,{wrong}'"
    assert f"discord.admin_roles (variable ANIMATE_DISCORD__ADMIN_ROLES): {rule}; {shown}" in message


def test_the_channel_for_notices_is_an_id_or_nothing(home: Path) -> None:
    """The same ID as a text and as a number is the same channel; empty is none."""
    for id_in_file in (" 80351110224678912 ", 80351110224678912):
        file = write_toml(home / "it.toml", {"discord.admin_channel": id_in_file})
        settings = load_settings({"HOME": str(home), "ANIMATE_CONFIG": str(file)})
        assert settings.discord.admin_channel == 80351110224678912
    assert load_settings({"HOME": str(home)}).discord.admin_channel is None


def test_the_page_is_reached_by_names_and_addresses(home: Path) -> None:
    """Host names are in small letters, an IPv6 address is as short as it can be."""
    environ = {"HOME": str(home), "ANIMATE_WEB__HOSTS": "Bot.Example.org, animate_bot", "ANIMATE_WEB__HOST": "0::1"}
    web = load_settings(environ).web
    assert web.hosts == ("bot.example.org", "animate_bot")
    assert web.host == "::1"


@pytest.mark.parametrize(
    "wrong", ["https://x.org", "x.org:80", "x.org/page", "*.x.org", "-x.org", "x..org", "a b", "x" * 64]
)
def test_a_host_is_a_name_and_nothing_else(home: Path, wrong: str) -> None:
    """A URL, a port or a pattern would match no Host header."""
    message = problems({"HOME": str(home), "ANIMATE_WEB__HOSTS": f"x.org,{wrong}"})
    rule = "item 2 must be an address or a host name, without scheme and port"
    assert f"web.hosts (variable ANIMATE_WEB__HOSTS): {rule}" in message


def test_each_person_with_a_token_has_a_name(home: Path) -> None:
    """web.tokens is name:token, separated by commas or, in a secret file, by lines; the first colon ends the name."""
    environ = {"HOME": str(home), "ANIMATE_SECRETS_DIR": str(home), "ANIMATE_WEB__TOKEN": OPERATOR}
    (home / "web__tokens").write_text(f"ann: {ANN}\nbob:{BOB}\n")
    for settings in (
        load_settings(environ),
        load_settings({"HOME": str(home), "ANIMATE_WEB__TOKENS": f"ann:{ANN} , bob:{BOB}"}),
    ):
        assert [(name, token.get_secret_value()) for name, token in settings.web.tokens] == [("ann", ANN), ("bob", BOB)]


def test_no_token_of_the_list_is_shown(home: Path) -> None:
    """Every token of the list is among the secrets, and in no representation of the settings."""
    environ = {"HOME": str(home), "ANIMATE_WEB__TOKEN": OPERATOR, "ANIMATE_WEB__TOKENS": f"ann:{ANN},bob:{BOB}"}
    settings = load_settings(environ)
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert settings.secrets() == (OPERATOR, ANN, BOB)
    assert not [token for token in settings.secrets() if token in shown]


@pytest.mark.parametrize(
    ("item", "rule"),
    [
        (BOB.partition(":")[2], "item 2 must be name:token"),
        (f"Bob B:{BOB}", "item 2 must begin with a name of at most 32 characters from a-z, 0-9, _ and -"),
        (f"{'b' * 33}:{BOB}", "item 2 must begin with a name of at most 32 characters from a-z, 0-9, _ and -"),
        (f"local:{BOB}", "item 2 must have another name: local and operator are taken"),
        (f"operator:{BOB}", "item 2 must have another name: local and operator are taken"),
        (f"ann:{BOB}", "item 2 has the same name as one before it"),
        (f"bob:{ANN}", "item 2 has the same token as one before it"),
        (f"bob:{OPERATOR}", "item 2 has the token of web.token"),
        ("bob:short-secret", "item 2 has a token that must have at least 16 characters"),
        ("bob:a secret of words", "item 2 has a token that must be one word, without spaces or line breaks"),
        (
            "bob:a-secret-with-ünïcode",
            "item 2 has a token that must have only letters a to z, digits and ASCII signs",
        ),
    ],
)
def test_a_wrong_token_is_told_by_its_number_only(home: Path, item: str, rule: str) -> None:
    """Neither the wrong item nor the good ones beside it are shown."""
    environ = {"HOME": str(home), "ANIMATE_WEB__TOKEN": OPERATOR, "ANIMATE_WEB__TOKENS": f"ann:{ANN},{item}"}
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    [problem] = caught.value.problems
    assert str(problem) == f"web.tokens (variable ANIMATE_WEB__TOKENS): {rule}"
    shown = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"
    assert not [secret for secret in (ANN, item, OPERATOR) if secret in shown]


def test_a_token_of_the_list_stays_secret_where_it_was_pasted_by_mistake(home: Path) -> None:
    """The value of another setting is shown with the known tokens taken out."""
    message = problems({"HOME": str(home), "ANIMATE_WEB__TOKENS": f"ann:{ANN}", "ANIMATE_WEB__PORT": ANN})
    assert "web.port (variable ANIMATE_WEB__PORT): must be a whole number; it is '***'" in message


def test_a_file_that_was_meant_for_the_tokens_is_an_error(home: Path) -> None:
    """web_tokens with one underscore would otherwise lock everybody out."""
    (home / "web_tokens").write_text(f"ann:{ANN}")
    message = problems({"HOME": str(home), "ANIMATE_SECRETS_DIR": str(home)})
    assert f"secret file {home / 'web_tokens'}: there is no such setting; the nearest is web__tokens" in message
