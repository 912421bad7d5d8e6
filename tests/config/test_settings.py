"""What an operator may rely on when changing settings."""

import json
import re
import tomllib
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import (
    Settings,
    SettingsError,
    SourceKind,
    load_settings,
    load_settings_with_origins,
    setting_keys,
    used_config_file,
)
from tests.config.reading import problems, write_toml

TELEGRAM_TOKEN = "123456789:" + "Aa0-_" * 7
#: The secrets that are one word, each with the fewest characters that it may have.
SECRET_KEYS = {"discord.token": 20, "telegram.token": 20, "web.token": 16}


def value_of(loaded: Settings, key: str) -> object:
    value: object = loaded
    for part in key.split("."):
        value = getattr(value, part)
    if isinstance(value, tuple):
        return ",".join(value)
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


# --- which place wins ---

#: Keys of several kinds, each with as many different values as there are places, all other than the default.
VALUES: dict[str, list[object]] = {
    "data_dir": [Path("/a"), Path("/b"), Path("/c"), Path("/d")],
    "admins": ["discord:1", "telegram:2", "web:ann", "discord:3,web:bob"],
    "generation.model": ["one", "two", "three", "four"],
    "generation.max_video_bytes": [1_000_001, 1_000_002, 1_000_003, 1_000_004],
    "generation.ffmpeg": [Path("/a/ffmpeg"), Path("/b/ffmpeg"), Path("c-ffmpeg"), Path("/d/ffmpeg")],
    "render_server.silence_limit_s": [0.5, 1, 2.5, 3],
    "quota.cap": [0.25, 1, 2.5, 0],
    "log.level": ["debug", "warning", "error", "critical"],
    "web.port": [1, 2, 3, 0],
    "telegram.token": [f"{n}23456789:{'x' * 35}" for n in range(1, 5)],
}
PLACES = (SourceKind.OVERRIDE, SourceKind.VARIABLE, SourceKind.SECRET_FILE, SourceKind.CONFIG_FILE)


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({key: st.sets(st.sampled_from(PLACES)) for key in VALUES}))
def test_the_highest_place_that_says_something_wins(said: dict[str, set[SourceKind]]) -> None:
    """For each setting by itself: command line, then variable, then secret file, then config file, then default."""
    with TemporaryDirectory() as folder:
        secrets = Path(folder, "secrets")
        secrets.mkdir()
        overrides: dict[str, object] = {}
        in_file: dict[str, object] = {}
        environ = {"HOME": folder, "ANIMATE_SECRETS_DIR": str(secrets), "ANIMATE_CONFIG": f"{folder}/it.toml"}
        for key, places in said.items():
            for place in places:
                value = VALUES[key][PLACES.index(place)]
                name = key.replace(".", "__")
                match place:
                    case SourceKind.OVERRIDE:
                        overrides[key] = value
                    case SourceKind.VARIABLE:
                        environ[f"ANIMATE_{name.upper()}"] = str(value)
                    case SourceKind.SECRET_FILE:
                        (secrets / name).write_text(f"{value}\n")
                    case _:
                        in_file[key] = str(value) if isinstance(value, Path) else value
        write_toml(Path(folder, "it.toml"), in_file)

        loaded = load_settings_with_origins(environ, overrides)
        untouched = load_settings({"HOME": folder})
        for key, places in said.items():
            winner = min(places, key=PLACES.index, default=SourceKind.DEFAULT)
            expected = value_of(untouched, key) if not places else VALUES[key][PLACES.index(winner)]
            assert value_of(loaded.settings, key) == expected
            if key in loaded.origins:
                assert loaded.origins[key].kind is winner


def test_each_value_knows_where_it_came_from(home: Path) -> None:
    """The origin names the variable or the file, for whoever asks why a setting is as it is."""
    file = write_toml(home / "it.toml", {"log.level": "debug"})
    secret = home / "telegram__token"
    secret.write_text(TELEGRAM_TOKEN)
    environ = {
        "HOME": str(home),
        "ANIMATE_CONFIG": str(file),
        "ANIMATE_SECRETS_DIR": str(home),
        "ANIMATE_GENERATION__ENGINE": "camera",
    }
    origins = load_settings_with_origins(environ, {"generation.model": "x"}).origins
    assert str(origins["generation.model"]) == "override"
    assert str(origins["generation.engine"]) == "variable ANIMATE_GENERATION__ENGINE"
    assert str(origins["telegram.token"]) == f"secret file {secret}"
    assert str(origins["log.level"]) == f"file {file}"
    assert str(origins["log.format"]) == "default"
    assert "discord.token" not in origins


def test_only_the_given_environment_counts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in the process's own environment is not looked at."""
    monkeypatch.setenv("ANIMATE_LOG__LEVEL", "debug")
    monkeypatch.setenv("TELEGRAM", json.dumps({"token": TELEGRAM_TOKEN}))
    monkeypatch.setenv("HOME", "/elsewhere")
    loaded = load_settings({"HOME": str(home), "ANIMATE_MODELS_DIR": "~/m"})
    assert loaded.log.level == "info"
    assert loaded.data_dir == home / ".local/share/animate-bot"
    assert loaded.models_dir == home / "m"
    made_by_hand = Settings(**{name: value for name, value in loaded if name != "telegram"})
    assert made_by_hand.telegram.token is None


# --- empty means not set ---


def test_an_empty_value_is_no_value_in_any_place(home: Path) -> None:
    """An empty variable, secret file, line in the config file or option leaves the setting to the next place."""
    (home / "discord__token").write_text("\n")
    environ = {
        "HOME": str(home),
        "ANIMATE_CONFIG": str(write_toml(home / "it.toml", {"generation.model": "", "log.level": "debug"})),
        "ANIMATE_SECRETS_DIR": str(home),
        "ANIMATE_LOG__LEVEL": "",
        "ANIMATE_LOG__FORMAT": "  ",
    }
    loaded = load_settings(environ, {"generation.engine": None, "generation.device": ""})
    assert loaded.generation.model == "ltxv-2b-0.9.1"
    assert loaded.generation.engine == "auto"
    assert loaded.generation.device == "auto"
    assert loaded.log.level == "debug"
    assert loaded.log.format == "auto"
    assert loaded.discord.token is None


def test_an_empty_variable_names_no_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ANIMATE_CONFIG and ANIMATE_SECRETS_DIR may be empty, as a compose file leaves them; no folder is read then."""
    (home / "telegram__token").write_text("not for us")
    monkeypatch.chdir(home)
    assert load_settings({"HOME": str(home), "ANIMATE_CONFIG": "", "ANIMATE_SECRETS_DIR": ""}).log.level == "info"


# --- names that do not exist ---


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("ANIMATE_GENERATION__ENGIN", "ANIMATE_GENERATION__ENGINE"),
        ("ANIMATE_GENERATOIN__ENGINE", "ANIMATE_GENERATION__ENGINE"),
        ("ANIMATE_ENGINE", "ANIMATE_GENERATION__ENGINE"),
        ("ANIMATE_GENERATION_MODEL", "ANIMATE_GENERATION__MODEL"),
        ("ANIMATE_DATADIR", "ANIMATE_DATA_DIR"),
        ("ANIMATE_CONFG", "ANIMATE_CONFIG"),
        ("animate_log__level", "ANIMATE_LOG__LEVEL"),
    ],
)
def test_an_unknown_variable_is_an_error_that_names_the_nearest(home: Path, name: str, nearest: str) -> None:
    """A mistyped ANIMATE_ variable, nested or not, in whatever case, never goes unnoticed."""
    assert f"variable {name}: there is no such setting; the nearest is {nearest}" in problems(
        {"HOME": str(home), name: "camera"}
    )


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("[generation]\nengin = 'ltx'", "generation.engin", "generation.engine"),
        ("[generatoin]\nengine = 'ltx'", "generatoin.engine", "generation.engine"),
        ("engine = 'ltx'", "engine", "generation.engine"),
        ("[pitcures]", "pitcures", "pictures"),
        ("[log.level]\nall = 'debug'", "log.level.all", "log.level"),
    ],
)
def test_an_unknown_key_in_the_config_file_is_an_error(home: Path, text: str, key: str, nearest: str) -> None:
    """The message names the key, the file and the nearest key."""
    file = home / "it.toml"
    file.write_text(text)
    message = problems({"HOME": str(home), "ANIMATE_CONFIG": str(file)})
    assert message.endswith(f"\n  {key} (file {file}): there is no such setting; the nearest is {nearest}")


def test_a_section_is_no_setting(home: Path) -> None:
    """A value where a section belongs is answered with what a section is."""
    file = write_toml(home / "it.toml", {"log": "debug"})
    assert f"log (file {file}): is a section" in problems({"HOME": str(home), "ANIMATE_CONFIG": str(file)})


def test_an_unknown_override_is_an_error(home: Path) -> None:
    """What the command line passes is held to the same names."""
    message = problems({"HOME": str(home)}, {"log.levle": "debug"})
    assert "log.levle (override): there is no such setting; the nearest is log.level" in message


@pytest.mark.parametrize("name", ["discord__tokn", "discord_token", "telegram.token", "ANIMATE_DISCORD__TOKEN"])
def test_a_secret_file_with_nearly_our_name_is_an_error(home: Path, name: str) -> None:
    """A file whose name begins like ours but is no setting would otherwise leave the bot without its token."""
    (home / name).write_text(TELEGRAM_TOKEN)
    message = problems({"HOME": str(home), "ANIMATE_SECRETS_DIR": str(home)})
    nearest = "telegram__token" if "telegram" in name else "discord__token"
    assert f"secret file {home / name}: there is no such setting; the nearest is {nearest}" in message
    assert TELEGRAM_TOKEN not in message


def test_other_programs_secret_files_are_left_alone(home: Path) -> None:
    """A shared folder may hold files, hidden folders and sub-folders that are not ours."""
    for name in ("postgres_password", "token", "logrotate", "web_cert", "web.key", "queue-password", ".discord__token"):
        (home / name).write_text("x")
    (home / "discord__tokens").mkdir()
    assert load_settings({"HOME": str(home), "ANIMATE_SECRETS_DIR": str(home)}).discord.token is None


def test_every_problem_is_told_at_once(home: Path) -> None:
    """Whoever has two things to put right learns of both in one run."""
    message = problems({"HOME": str(home), "ANIMATE_LOG__LEVEL": "loud", "ANIMATE_LOGLEVEL": "info"})
    heading, *lines = message.splitlines()
    assert heading == "There are 2 problems with the settings:"
    assert len(lines) == 2


# --- values that break a rule ---


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("generation.engine", "lxt", "must be 'auto', 'camera' or 'ltx'; it is 'lxt'"),
        ("generation.max_frame_pixels", "big", "must be a whole number; it is 'big'"),
        ("generation.max_video_bytes", "5", "must be at least 262144; it is '5'"),
        ("render_server.silence_limit_s", "soon", "must be a number; it is 'soon'"),
        ("render_server.silence_limit_s", "0", "must be more than 0; it is '0'"),
        ("render_server.start_limit_s", "600000", "must be at most 86400; it is '600000'"),
        ("render_server.recycle_after_jobs", "0", "must be at least 1; it is '0'"),
        ("pictures.max_children", "1.5", "must be a whole number; it is '1.5'"),
        ("quota.cap", "-1", "must be at least 0; it is '-1'"),
        ("quota.cap", "0.0001", "must have at most 3 decimals; it is '0.0001'"),
        ("quota.everyone_cap", "none", "must be a number; it is 'none'"),
        ("queue.max_waiting", "0", "must be at least 1; it is '0'"),
        ("queue.max_waiting_per_person", "0", "must be at least 1; it is '0'"),
        ("queue.requests_per_minute", "0", "must be at least 1; it is '0'"),
        ("delivery.give_up_after_s", "0", "must be more than 0; it is '0'"),
        ("retention.videos", "-1", "must be at least 0; it is '-1'"),
        ("retention.min_free_bytes", "2 GB", "must be a whole number; it is '2 GB'"),
        ("shutdown.grace_s", "-1", "must be at least 0; it is '-1'"),
        ("web.enabled", "perhaps", "must be true or false; it is 'perhaps'"),
        ("web.host", "http://x", "must be an address or a host name, without scheme and port; it is 'http://x'"),
        ("web.port", "65536", "must be at most 65535; it is '65536'"),
        ("discord.admin_channel", "#notices", "must be a Discord ID, which is a number; it is '#notices'"),
    ],
)
def test_a_wrong_value_is_told_with_its_rule(home: Path, key: str, value: str, rule: str) -> None:
    """The message names the setting, the variable and the rule, and shows the value."""
    variable = f"ANIMATE_{key.upper().replace('.', '__')}"
    assert f"{key} (variable {variable}): {rule}" in problems({"HOME": str(home), variable: value})


@pytest.mark.parametrize(
    ("key", "value", "rule"),
    [
        ("data_dir", 5, "must be a path; it is 5"),
        ("generation.model", 5, "must be text; it is 5"),
        ("pictures.max_children", True, "must be a number; it is True"),
        ("pictures.max_pixels", 1.5, "must be a whole number; it is 1.5"),
        ("log.level", ["debug"], "must be 'debug', 'info', 'warning', 'error' or 'critical'; it is ['debug']"),
        ("web.enabled", 1, "must be true or false; it is 1"),
        ("admins", 5, "must be a list, or a text with commas; it is 5"),
        ("admins", ["web:ann", 5], "must be text; it is ['web:ann', 5]"),
        ("discord.admin_roles", 5, "must be a list, or a text with commas; it is 5"),
        ("discord.admin_channel", True, "must be a Discord ID, which is a number; it is True"),
        ("telegram.token", 5, "must be text"),
        ("web.tokens", 5, "must be a list, or a text with commas"),
    ],
)
def test_a_value_of_the_wrong_type_in_the_config_file_is_an_error(
    home: Path, key: str, value: object, rule: str
) -> None:
    """A config file has types: a switch is no number and a number is no text."""
    file = write_toml(home / "it.toml", {key: value})
    message = problems({"HOME": str(home), "ANIMATE_CONFIG": str(file)})
    assert message.endswith(f"\n  {key} (file {file}): {rule}")


def test_choices_may_be_written_in_capitals(home: Path) -> None:
    """DEBUG is debug."""
    assert load_settings({"HOME": str(home), "ANIMATE_LOG__LEVEL": "DEBUG"}).log.level == "debug"


def test_a_switch_may_be_written_as_people_write_it(home: Path) -> None:
    """false, no, off and 0 are the same in a variable."""
    for text in ("false", "No", "OFF", "0"):
        assert load_settings({"HOME": str(home), "ANIMATE_WEB__ENABLED": text}).web.enabled is False


@pytest.mark.parametrize("who", ["place", "everyone"])
def test_a_common_limit_has_a_cap_and_a_rate_or_neither(home: Path, who: str) -> None:
    """Of the limits for a server or for everyone, half a one is an error rather than a guess."""
    cap, rate = f"ANIMATE_QUOTA__{who.upper()}_CAP", f"ANIMATE_QUOTA__{who.upper()}_CREDITS_PER_DAY"
    rule = f"must be set where quota.{who}_cap is, and only there"
    assert rule in problems({"HOME": str(home), cap: "100"})
    assert rule in problems({"HOME": str(home), rate: "100"})
    quota = load_settings({"HOME": str(home), cap: "100", rate: "50.5"}).quota
    assert getattr(quota, f"{who}_credits_per_day") == 50.5


# --- files ---


def test_a_missing_config_file_is_fine_unless_it_is_named(home: Path) -> None:
    """The usual place may be empty; a file that ANIMATE_CONFIG names must be there."""
    assert load_settings({"HOME": str(home)}).log.level == "info"
    assert load_settings({"XDG_CONFIG_HOME": "/dev/null", "HOME": str(home)}).log.level == "info"
    message = problems({"HOME": str(home), "ANIMATE_CONFIG": str(home / "no.toml")})
    assert f"file {home / 'no.toml'} (variable ANIMATE_CONFIG): there is no such file" in message


def test_a_folder_is_no_config_file(home: Path) -> None:
    """What cannot be read is told with the system's own reason."""
    message = problems({"HOME": str(home), "ANIMATE_CONFIG": str(home)})
    assert f"file {home} (variable ANIMATE_CONFIG): cannot be read: Is a directory" in message


def test_the_config_file_in_use_can_be_asked_for(home: Path) -> None:
    """Whoever wonders which file counts is told its path, or that there is none."""
    assert used_config_file({}) is None
    assert used_config_file({"HOME": str(home)}) is None
    file = write_toml(home / "it.toml", {})
    assert used_config_file({"HOME": str(home), "ANIMATE_CONFIG": "~/it.toml"}) == file


@pytest.mark.parametrize("variable", ["HOME", "XDG_CONFIG_HOME"])
def test_the_usual_config_file_is_found(tmp_path: Path, variable: str) -> None:
    """Without ANIMATE_CONFIG it is animate-bot/config.toml in the platform's folder for settings."""
    folder = tmp_path / (".config" if variable == "HOME" else "") / "animate-bot"
    folder.mkdir(parents=True)
    write_toml(folder / "config.toml", {"log.level": "debug"})
    assert load_settings({"HOME": "/nonexistent", variable: str(tmp_path)}).log.level == "debug"


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"[log]\nlevel = \n", r"is not TOML: .*\(at line 2, column 9\)"),
        (b"[log]\nlevel = 'debug'\n[log", r"is not TOML: .*\(at line 3, the end of the file\)"),
        (b"[log]\nlevel = '\xff'\n", "is not UTF-8 text"),
    ],
)
def test_a_broken_config_file_is_named_with_its_line(home: Path, content: bytes, rule: str) -> None:
    """What is not TOML is told with file and line."""
    file = home / "it.toml"
    file.write_bytes(content)
    message = problems({"HOME": str(home), "ANIMATE_CONFIG": str(file)})
    assert re.search(rf"file {re.escape(str(file))}.*: {rule}", message)


def test_a_named_secrets_folder_must_be_there(home: Path) -> None:
    """A mistyped ANIMATE_SECRETS_DIR would otherwise leave the bot without its tokens."""
    message = problems({"HOME": str(home), "ANIMATE_SECRETS_DIR": str(home / "no")})
    assert f"folder {home / 'no'} (variable ANIMATE_SECRETS_DIR): there is no such folder" in message


def test_a_secrets_folder_that_cannot_be_read_is_an_error(home: Path) -> None:
    """The system's own reason is told."""
    folder = home / ("x" * 300)
    message = problems({"HOME": str(home), "ANIMATE_SECRETS_DIR": str(folder)})
    assert message.endswith(f"folder {folder} (variable ANIMATE_SECRETS_DIR): cannot be read: File name too long")


def test_a_mark_that_windows_editors_write_is_ignored(home: Path) -> None:
    """A byte order mark before the text is no part of the settings or the secret."""
    (home / "it.toml").write_text("\ufefflog.level = 'debug'")
    (home / "telegram__token").write_text(f"\ufeff{TELEGRAM_TOKEN}\r\n")
    environ = {"HOME": str(home), "ANIMATE_CONFIG": "~/it.toml", "ANIMATE_SECRETS_DIR": "~"}
    loaded = load_settings(environ)
    assert loaded.log.level == "debug"
    assert loaded.secrets() == (TELEGRAM_TOKEN,)


def test_systemd_credentials_are_secret_files(home: Path) -> None:
    """Without ANIMATE_SECRETS_DIR the folder is the one in which systemd puts a unit's credentials."""
    (home / "telegram__token").write_text(f"{TELEGRAM_TOKEN}\n")
    token = load_settings({"CREDENTIALS_DIRECTORY": str(home), "HOME": str(home)}).telegram.token
    assert token is not None
    assert token.get_secret_value() == TELEGRAM_TOKEN
    elsewhere = home / "elsewhere"
    elsewhere.mkdir()
    environ = {"CREDENTIALS_DIRECTORY": str(home), "HOME": str(home), "ANIMATE_SECRETS_DIR": str(elsewhere)}
    assert load_settings(environ).telegram.token is None


def test_secret_files_may_be_links(home: Path) -> None:
    """Kubernetes lays secrets out as links into a hidden folder."""
    (home / "..data").mkdir()
    (home / "..data" / "telegram__token").write_text(TELEGRAM_TOKEN)
    (home / "telegram__token").symlink_to("..data/telegram__token")
    assert load_settings({"HOME": str(home), "ANIMATE_SECRETS_DIR": str(home)}).telegram.token is not None


@pytest.mark.parametrize(
    ("content", "rule"), [(b"\xff" * 40, "is not UTF-8 text"), (b"x" * 70_000, "has more than 65536 bytes")]
)
def test_a_secret_file_that_is_no_secret_is_an_error(home: Path, content: bytes, rule: str) -> None:
    """A key file or an archive under a token's name is told by its path."""
    file = home / "telegram__token"
    file.write_bytes(content)
    message = problems({"HOME": str(home), "ANIMATE_SECRETS_DIR": str(home)})
    assert message.endswith(f"\n  secret file {file}: {rule}")


def test_a_secret_file_that_cannot_be_read_is_an_error(home: Path) -> None:
    """A token that the system does not hand out is told by its path."""
    unreadable = Path("/proc/self/mem")  # for every user, root too: nothing is mapped at its beginning
    if not unreadable.exists():
        pytest.skip("needs Linux's /proc for a file that cannot be read")
    file = home / "telegram__token"
    file.symlink_to(unreadable)
    message = problems({"HOME": str(home), "ANIMATE_SECRETS_DIR": str(home)})
    assert message.endswith(f"\n  secret file {file}: cannot be read: Input/output error")


# --- folders ---


def test_data_goes_to_the_platforms_folder_and_models_below_it(home: Path) -> None:
    """XDG_DATA_HOME, else ~/.local/share; weights go to models in whatever the data folder is."""
    assert load_settings({"HOME": "/h"}).data_dir == Path("/h/.local/share/animate-bot")
    assert load_settings({"HOME": "/h", "XDG_DATA_HOME": "/d"}).data_dir == Path("/d/animate-bot")
    assert load_settings({"HOME": "/h", "XDG_DATA_HOME": "relative"}).data_dir == Path("/h/.local/share/animate-bot")
    assert load_settings({"HOME": "/h", "ANIMATE_DATA_DIR": "/x"}).models_dir == Path("/x/models")
    environ = {"HOME": "/h", "ANIMATE_DATA_DIR": "/x", "ANIMATE_MODELS_DIR": "/m"}
    assert load_settings(environ).models_dir == Path("/m")


def test_without_a_home_folder_the_data_folder_must_be_named() -> None:
    """No folder is invented."""
    assert problems({}).splitlines() == [
        "There is 1 problem with the settings:",
        "  data_dir (default): there is no home folder to put it in (HOME is not set); set ANIMATE_DATA_DIR",
    ]
    assert load_settings({"ANIMATE_DATA_DIR": "/x"}).data_dir == Path("/x")


def test_paths_start_where_an_operator_expects(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a config file beside it, elsewhere in the working folder, ~ in the home folder; a bare name is a name."""
    file = write_toml(
        home / "it.toml", {"data_dir": "data", "generation.model": "weights/mine", "generation.ffmpeg": "ffmpeg6"}
    )
    loaded = load_settings({"HOME": str(home), "ANIMATE_CONFIG": "~/it.toml", "ANIMATE_MODELS_DIR": "~/m"})
    assert loaded.data_dir == file.parent / "data"
    assert loaded.models_dir == home / "m"
    assert loaded.generation.model == str(file.parent / "weights/mine")
    assert loaded.generation.ffmpeg == Path("ffmpeg6")
    monkeypatch.chdir(home)
    loaded = load_settings({"HOME": "/h", "ANIMATE_GENERATION__MODEL": "./w", "ANIMATE_DATA_DIR": "d"})
    assert loaded.generation.model == str(home / "w")
    assert loaded.data_dir == home / "d"
    environ = {"HOME": "/h", "ANIMATE_CONFIG": "it.toml"}
    assert load_settings(environ).generation.model == str(home / "weights/mine")


# --- secrets ---


def test_secrets_stand_in_no_representation(home: Path) -> None:
    """Printing the settings, or what was read to make them, shows no token."""
    loaded = load_settings_with_origins({"HOME": str(home), "ANIMATE_TELEGRAM__TOKEN": TELEGRAM_TOKEN})
    shown = f"{loaded} {loaded.settings!r} {loaded.settings.model_dump()} {loaded.settings.model_dump_json()}"
    assert TELEGRAM_TOKEN not in shown
    assert loaded.settings.secrets() == (TELEGRAM_TOKEN,)


@pytest.mark.parametrize(("key", "least"), SECRET_KEYS.items())
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ("short-secret", "must have at least {least} characters"),
        ("a secret of several words", "must be one word, without spaces or line breaks"),
    ],
)
def test_a_wrong_secret_is_never_shown(
    home: Path, key: str, least: int, place: SourceKind, wrong: str, rule: str
) -> None:
    """Wherever it stands: the message names the setting, the place and the rule, not the value."""
    file = write_toml(home / "it.toml", {key: wrong} if place is SourceKind.CONFIG_FILE else {})
    environ = {"HOME": str(home), "ANIMATE_CONFIG": str(file), "ANIMATE_SECRETS_DIR": str(home)}
    overrides = {}
    if place is SourceKind.OVERRIDE:
        overrides[key] = wrong
    if place is SourceKind.VARIABLE:
        environ[f"ANIMATE_{key.upper().replace('.', '__')}"] = wrong
    if place is SourceKind.SECRET_FILE:
        (home / key.replace(".", "__")).write_text(wrong)
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, overrides)
    error = caught.value
    [problem] = error.problems
    assert (problem.subject, problem.rule) == (key, rule.format(least=least))
    assert wrong not in f"{error} {error!r} {error.__cause__!r} {error.__context__!r}"


def test_a_token_in_the_wrong_place_is_not_shown_either(home: Path) -> None:
    """A token that was pasted into another setting, or under a mistyped name, stays out of the message."""
    message = problems({"HOME": str(home), "ANIMATE_LOG__LEVEL": TELEGRAM_TOKEN, "ANIMATE_TOKEN": TELEGRAM_TOKEN})
    assert "log.level" in message
    assert TELEGRAM_TOKEN not in message


# --- the written defaults ---

DEFAULTS_TEXT = files("config").joinpath("defaults.toml").read_text("utf-8")


UNITS = {
    "s": "seconds",
    "bytes": "bytes",
    "pixels": "pixels",
    "jobs|waiting|waiting_per_person": "jobs",
    "cap|per_day": "credits",
    "inputs|videos": "days",
}


def test_every_setting_and_nothing_else_is_in_the_defaults_file() -> None:
    """defaults.toml is the list of all settings, in their order."""
    tables = tomllib.loads(DEFAULTS_TEXT)
    written = [
        f"{name}.{leaf}" if leaf else name
        for name, table in tables.items()
        for leaf in (table if isinstance(table, dict) else [""])
    ]
    assert written == list(setting_keys())


def test_every_setting_is_explained_with_its_unit() -> None:
    """Above each line of defaults.toml stands what the setting means, with the unit of its number."""
    settings_seen = 0
    for above, line in pairwise(DEFAULTS_TEXT.splitlines()):
        if not (written := re.match(r"(\w+) = ", line)):
            continue
        settings_seen += 1
        assert re.match(r"# [A-Z].{20,}\.", above), f"{line} has no line that explains it"
        for ending, unit in UNITS.items():
            if re.search(rf"(^|_)({ending})$", written[1]):
                assert unit in above, f"{line} does not say its unit, {unit}"
    assert settings_seen == len(setting_keys())


def test_the_defaults_file_is_itself_a_good_config_file(home: Path) -> None:
    """Copied as it is, it changes nothing."""
    file = home / "copy.toml"
    file.write_text(DEFAULTS_TEXT)
    assert load_settings({"HOME": str(home), "ANIMATE_CONFIG": str(file)}) == load_settings({"HOME": str(home)})


def test_the_defaults_are_those_that_people_were_promised() -> None:
    """The values that a fresh installation has."""
    fresh = load_settings({"HOME": "/h"})
    assert fresh.generation.engine == fresh.generation.device == fresh.log.format == "auto"
    assert fresh.generation.model == "ltxv-2b-0.9.1"
    assert fresh.generation.max_frame_pixels == 1280 * 736
    assert fresh.generation.max_video_bytes == 10 * 1024 * 1024
    assert fresh.generation.ffmpeg is None
    assert fresh.render_server.silence_limit_s == 120
    assert fresh.pictures.max_pixels == 50_000_000
    assert fresh.log.level == "info"
    assert fresh.admins == ()
    assert (fresh.quota.cap, fresh.quota.credits_per_day) == (20, 20)
    assert fresh.quota.place_cap is fresh.quota.place_credits_per_day is None
    assert fresh.quota.everyone_cap is fresh.quota.everyone_credits_per_day is None
    assert (fresh.queue.max_waiting_per_person, fresh.queue.max_waiting, fresh.queue.requests_per_minute) == (
        5,
        200,
        20,
    )
    assert fresh.delivery.give_up_after_s == 24 * 60 * 60
    assert (fresh.retention.inputs, fresh.retention.videos) == (30, 30)
    assert (fresh.retention.max_bytes, fresh.retention.min_free_bytes) == (20 * 10**9, 2 * 10**9)
    assert fresh.shutdown.grace_s == 60
    assert (fresh.web.enabled, fresh.web.host, fresh.web.port) == (True, "127.0.0.1", 8527)
    assert fresh.web.token is None
    assert fresh.web.tokens == ()
    assert fresh.web.hosts == ()
