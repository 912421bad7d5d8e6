"""Options: what a person may say about a video is read exactly or refused in words they understand."""

import contextlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.messages import sentence
from bot.domain.options import OPTIONS, Option, options_for, read_options
from generation.engines.camera.engine import CameraEngine
from generation.engines.engine import Capabilities
from generation.errors import ErrorCode, RequestRejected
from generation.models import CAMERA, DEFAULT_LTX, DEFAULT_LTX_CONDITION
from generation.picture import Picture
from generation.request import MAX_PROMPT_CHARACTERS, MAX_SEED, Preset

PHOTO = Picture(b"", 1600, 1200)
CAMERA_ENGINE = CameraEngine().capabilities
LTX = Capabilities("ltx", "ltxv-2b-0.9.1", uses_ai=True, negative_prompt=True, steps=True, guidance=True)
LTX_CONDITION = replace(LTX, model="ltxv-2b-0.9.5", motion_strength=True, end_picture=True)


def rejection(prompt: str = "", **values: str) -> RequestRejected:
    with pytest.raises(RequestRejected) as rejected:
        read_options(prompt, values)
    return rejected.value


# what can be set


def test_the_options_stand_in_the_order_in_which_forms_show_them() -> None:
    """What people set often comes first; the rest is marked as advanced."""
    assert [o.name for o in OPTIONS if not o.advanced] == ["preset", "seconds", "camera", "motion"]
    advanced = [o.name for o in OPTIONS if o.advanced]
    assert advanced == ["negative", "steps", "guidance", "seed", "frames", "fps", "width", "height"]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_fits_into_a_slash_command(option: Option) -> None:
    """Names, descriptions and choices keep Discord's limits: 32 and 100 characters, 25 choices, labels of 45."""
    assert option.name.isascii()
    assert option.name.islower()
    assert len(option.name) <= 32
    assert 0 < len(option.help) <= 100
    assert option.help.endswith(".")
    assert 0 < len(option.label) <= 45
    assert len(option.choices) <= 25
    assert bool(option.choices) == (option.kind == "choice")


@pytest.mark.parametrize("option", [o for o in OPTIONS if o.highest is not None], ids=lambda option: option.name)
def test_the_ends_of_a_range_are_allowed(option: Option) -> None:
    """Whoever drags a slider to either end is not refused."""
    for end in (option.lowest, option.highest):
        assert read_options("", {option.name: f"{end:.10g}"}).texts[option.name] == f"{end:.10g}"


def test_an_engine_offers_only_what_it_can_do() -> None:
    """Steps, guidance and the negative prompt are hidden where the engine has none; everything else stays."""
    hidden = {o.name for o in OPTIONS} - {o.name for o in options_for(CAMERA_ENGINE)}
    assert hidden == {"negative", "steps", "guidance"}
    assert options_for(LTX) == OPTIONS


def test_an_engine_for_short_clips_offers_no_longer_ones() -> None:
    """The highest length and number of frames that a form shows are the engine's own."""
    highest = {o.name: o.highest for o in options_for(replace(LTX, max_frames=121))}
    assert (highest["seconds"], highest["frames"]) == (5.0, 121)


# reading


def test_an_empty_value_is_not_given() -> None:
    """A form's untouched fields are empty texts or spaces, and mean nothing."""
    assert read_options("a dog", {o.name: " " for o in OPTIONS}) == read_options("a dog", {})


@pytest.mark.parametrize(
    ("name", "typed", "canonical"),
    [
        ("preset", " BEST ", "best"),
        ("seconds", "4,5", "4.5"),
        ("seconds", "4.50", "4.5"),
        ("seconds", ".5", "0.5"),
        ("seconds", "٤٫٥", "4.5"),
        ("guidance", "03,0", "3"),
        ("guidance", "+3", "3"),
        ("steps", "١٢", "12"),
        ("steps", "３０", "30"),
        ("seed", "007", "7"),
        ("seed", "-0", "0"),
        ("seed", str(MAX_SEED), str(MAX_SEED)),
        ("camera", "Push In", "push-in"),
        ("camera", "tilt_up", "tilt-up"),
        ("camera", "dolly–zoom", "dolly-zoom"),
        ("motion", "High", "high"),
        ("motion", "0,25", "0.25"),
        ("motion", "0.00001", "0.00001"),
        ("negative", "  caf\u0065\u0301,\r\nblurry ", "caf\u00e9,\nblurry"),
    ],
)
def test_a_value_is_stored_in_its_one_spelling(name: str, typed: str, canonical: str) -> None:
    """Decimal commas, digits of other scripts, capitals and needless zeros are read, and kept as everyone writes it."""
    assert dict(read_options("", {name: typed}).texts) == {name: canonical}


@pytest.mark.parametrize("name", ["seconds", "guidance", "steps", "seed", "frames", "fps", "width", "height"])
@pytest.mark.parametrize(
    "typed",
    [
        *("abc", "nan", "inf", "-inf", "1e400", "1e3", "0x10", "true", "None", "²", "½", "𝟙e"),
        *("1_000", "1,000.5", "4s", "4 5", ".", "4.", "--4", "5;", "9" * 100_000),
    ],
)
def test_what_is_no_plain_number_is_refused(name: str, typed: str) -> None:
    """No exponents, no hexadecimal, no words: what a person would not read as a number is not read as one."""
    error = rejection(**{name: typed})
    assert error.code in (ErrorCode.NOT_A_NUMBER, ErrorCode.NOT_A_WHOLE_NUMBER)
    assert error.values["field"] == name


@pytest.mark.parametrize("name", ["steps", "seed", "frames", "fps", "width", "height"])
@pytest.mark.parametrize("typed", ["7.5", "7,5"])
def test_a_broken_number_where_a_whole_one_belongs_is_refused(name: str, typed: str) -> None:
    """Nothing is rounded: half a step does not exist, and the answer shows what was typed."""
    error = rejection(**{name: typed})
    assert sentence(error) == f"{name} must be a whole number; {typed} is not."


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"seconds": "60,50"}, "seconds must be from 0.4 to 10.7; 60,50 is not. The nearest is 10.7."),
        ({"seconds": "20", "fps": "8"}, None),
        ({"seconds": "1234567.25"}, "seconds must be from 0.4 to 10.7; 1234567.25 is not. The nearest is 10.7."),
        ({"seed": "-1"}, "seed must be from 0 to 4294967295; -1 is not. The nearest is 0."),
        ({"seed": "4294967296"}, "seed must be from 0 to 4294967295; 4294967296 is not. The nearest is 4294967295."),
        ({"steps": "0"}, "steps must be from 1 to 200; 0 is not. The nearest is 1."),
        ({"guidance": "0,5"}, "guidance must be from 1 to 20; 0,5 is not. The nearest is 1."),
        ({"motion": "1.01"}, "motion must be from 0 to 1; 1.01 is not. The nearest is 1."),
        ({"width": "700"}, "width must be a multiple of 32; 700 is not. The nearest is 704."),
        ({"height": "0"}, "height must be from 64 to 1536; 0 is not. The nearest is 64."),
        ({"seconds": "4", "frames": "97"}, "Please give seconds or frames, not both."),
    ],
)
def test_a_value_out_of_range_is_told_as_it_was_typed(values: dict[str, str], told: str | None) -> None:
    """The answer names the option by its own name, the rule, and the value letter by letter."""
    if told is None:
        assert dict(read_options("", values).texts) == values
    else:
        assert sentence(rejection(**values)) == told


def test_an_unknown_choice_is_answered_with_all_choices() -> None:
    """Whoever mistypes a choice reads which there are."""
    assert sentence(rejection(preset="bets")) == "preset can be fast, balanced, best; bets is none of them."
    assert sentence(rejection(motion="much")) == "motion can be low, medium, high, 0 to 1; much is none of them."
    assert "push-in" in sentence(rejection(camera="banana"))


@pytest.mark.parametrize(
    ("name", "nearest"), [("secnods", "seconds"), ("Seed", "seed"), ("duration", "seconds"), ("x" * 9000, "preset")]
)
def test_an_unknown_option_is_answered_with_the_nearest(name: str, nearest: str) -> None:
    """A mistyped option is never passed over; the answer names one that there is."""
    error = rejection(**{name: "4"})
    assert error.code is ErrorCode.UNKNOWN_OPTION
    assert len(sentence(error)) < 100
    if len(name) < 40:
        assert error.values["nearest"] == nearest


@pytest.mark.parametrize("name", ["seconds", "seed", "camera", "motion", "preset"])
@pytest.mark.parametrize("typed", ["x" * 100_000, "4\N{RIGHT-TO-LEFT OVERRIDE}4", "4\n4"])
def test_an_answer_repeats_little_of_a_value_and_nothing_hidden(name: str, typed: str) -> None:
    """At most 40 visible characters of a wrong value come back, in one line."""
    value = str(rejection(**{name: typed}).values["value"])
    assert len(value) <= 40
    assert value.isprintable()


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\ud800"])
@pytest.mark.parametrize("name", ["prompt", *(o.name for o in OPTIONS)])
def test_control_characters_are_refused_everywhere(name: str, character: str) -> None:
    """What no keyboard sends is refused, by the name of the field that holds it."""
    typed = f"4{character}4"
    error = rejection(typed) if name == "prompt" else rejection(**{name: typed})
    assert error.code is ErrorCode.TEXT_HAS_CONTROL_CHARACTERS
    assert error.values["field"] == name


def test_a_prompt_is_kept_as_written_but_for_its_edges_and_encoding() -> None:
    """A prompt is stored composed, with one kind of line end and nothing around it; all else stays."""
    options = read_options(" \n The café —  two  spaces\r\nand\ra line\t… ", {})
    assert options.prompt == "The café —  two  spaces\nand\na line\t…"


@pytest.mark.parametrize("length", [MAX_PROMPT_CHARACTERS + 1, 1_000_000])
def test_a_text_that_is_too_long_is_refused_with_both_lengths(length: int) -> None:
    """One character too many is refused; the allowed number is told."""
    assert read_options("a" * MAX_PROMPT_CHARACTERS + " ", {}).prompt == "a" * MAX_PROMPT_CHARACTERS
    for error in (rejection("a" * length), rejection(negative="a" * length)):
        assert error.code is ErrorCode.TEXT_TOO_LONG
        assert (error.values["value"], error.values["highest"]) == (length, MAX_PROMPT_CHARACTERS)


TYPED = st.fixed_dictionaries(
    {},
    optional={
        "preset": st.sampled_from(["fast", "Best", " balanced"]),
        "seconds": st.decimals(1, 10, places=2).map(lambda number: str(number).replace(".", ",")),
        "camera": st.sampled_from(["still", "Orbit left", "HANDHELD"]),
        "motion": st.sampled_from(["low", "0.30", "1"]),
        "negative": st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=50),
        "steps": st.integers(1, 200).map(str),
        "guidance": st.decimals(1, 20, places=3).map(str),
        "seed": st.integers(0, MAX_SEED).map(str),
        "fps": st.integers(24, 25).map(str),
        "width": st.integers(2, 48).map(lambda n: str(32 * n)),
        "height": st.integers(2, 48).map(lambda n: f"0{32 * n}"),
    },
)


@given(prompt=st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=80), typed=TYPED)
def test_what_was_stored_reads_as_what_was_given(prompt: str, typed: dict[str, str]) -> None:
    """Prompt and texts of a job, through JSON and read again, are the same options: "again" repeats the job exactly."""
    options = read_options(prompt, typed)
    assert read_options(options.prompt, json.loads(json.dumps(dict(options.texts)))) == options


@given(option=st.sampled_from(OPTIONS), typed=st.text())
def test_any_text_is_read_or_refused(option: Option, typed: str) -> None:
    """There is no text that an option stumbles over; what it takes, it keeps short enough to store."""
    with contextlib.suppress(RequestRejected):
        assert len(read_options(typed, {option.name: typed}).texts.get(option.name, "")) <= MAX_PROMPT_CHARACTERS


# the request


def test_every_option_reaches_the_request() -> None:
    """What was set arrives in the request under its own name and unchanged."""
    options = read_options(
        "the dog yawns",
        {"preset": "fast", "frames": "41", "fps": "30", "width": "640", "height": "416", "steps": "12"}
        | {"guidance": "2,5", "seed": "7", "negative": "blurry", "motion": "0.7"},
    )
    request = options.to_request(DEFAULT_LTX_CONDITION, LTX_CONDITION, PHOTO, PHOTO)
    shape = request.shape
    assert (shape.width_px, shape.height_px, shape.frames, shape.fps) == (640, 416, 41, 30)
    assert (request.steps, request.guidance, request.seed) == (12, 2.5, 7)
    assert (request.prompt, request.negative_prompt) == ("the dog yawns", "blurry")
    assert request.motion_strength == 0.7
    assert request.end_picture == PHOTO


def test_without_options_the_balanced_preset_decides() -> None:
    """A picture alone becomes the balanced preset with a seed of its own."""
    options = read_options("", {})
    request = options.to_request(DEFAULT_LTX, LTX, PHOTO)
    assert options.preset is Preset.BALANCED
    assert (request.shape.frames, request.steps, request.guidance) == (121, 30, 3.0)
    assert request.seed != options.to_request(DEFAULT_LTX, LTX, PHOTO).seed


def test_wished_seconds_become_the_nearest_length() -> None:
    """Four and a half seconds are 105 frames of a 24th: the nearest that the model knows."""
    request = read_options("", {"seconds": "4,5"}).to_request(DEFAULT_LTX, LTX, PHOTO)
    assert request.shape.frames == 105


@pytest.mark.parametrize(
    ("values", "field"), [({"steps": "30"}, "steps"), ({"guidance": "3"}, "guidance"), ({"negative": "x"}, "negative")]
)
def test_what_the_engine_cannot_do_is_refused_before_the_picture_is_read(values: dict[str, str], field: str) -> None:
    """Options beyond the running engine are refused under their own name, without any picture."""
    with pytest.raises(RequestRejected) as rejected:
        read_options("", values).check(CAMERA, CAMERA_ENGINE)
    assert (rejected.value.code, rejected.value.values["field"]) == (ErrorCode.NOT_SUPPORTED, field)


def test_a_second_picture_for_an_engine_without_is_refused_before_it_is_read() -> None:
    """An end picture that the engine cannot use is refused before it is decoded."""
    options = read_options("", {})
    options.check(CAMERA, CAMERA_ENGINE, has_end_picture=True)
    with pytest.raises(RequestRejected) as rejected:
        options.check(DEFAULT_LTX, LTX, has_end_picture=True)
    assert rejected.value.values["field"] == "end_picture"


def test_a_size_beyond_the_operators_limit_is_refused_before_the_picture_is_read() -> None:
    """Two sides that make too many pixels for this machine are refused; sides that do not are left alone."""
    small = replace(LTX, max_frame_pixels=512 * 320)
    read_options("", {"width": "512", "height": "320"}).check(DEFAULT_LTX, small)
    with pytest.raises(RequestRejected) as rejected:
        read_options("", {"width": "512", "height": "352"}).check(DEFAULT_LTX, small)
    assert rejected.value.code is ErrorCode.FRAME_TOO_LARGE


def test_a_preset_is_lowered_to_what_the_operator_allows() -> None:
    """Where an operator allows less than a preset needs, the preset still makes a video, as large as is allowed."""
    small = replace(LTX, max_frame_pixels=512 * 320, max_frames=100)
    request = read_options("", {"preset": "best"}).to_request(DEFAULT_LTX, small, PHOTO)
    assert request.shape.frame_pixels <= 512 * 320
    assert request.shape.frames == 97


# again, with changes


def test_changes_replace_add_and_take_away() -> None:
    """Another try keeps what is not mentioned; null or an empty text takes an option away."""
    options = read_options("a dog", {"seed": "7", "preset": "fast", "camera": "still"})
    changed = options.with_changes({"prompt": "a cat", "seed": None, "camera": "", "steps": "12", "preset": "BEST"})
    assert (changed.prompt, dict(changed.texts)) == ("a cat", {"preset": "best", "steps": "12"})
    assert (options.prompt, options.seed) == ("a dog", 7)
    assert options.with_changes({"prompt": None}).prompt == ""
    assert options.with_changes({}) == options


def test_a_new_length_replaces_the_old_one_however_it_was_given() -> None:
    """Whoever asks for seconds of a job that had frames means the seconds, and the other way round."""
    options = read_options("", {"frames": "97"}).with_changes({"seconds": "3"})
    assert dict(options.texts) == {"seconds": "3"}
    assert dict(options.with_changes({"frames": "41"}).texts) == {"frames": "41"}


def test_changes_are_checked_like_anything_else() -> None:
    """A change that breaks a rule or names no option is refused, also where it would take something away."""
    options = read_options("", {"seed": "7"})
    for changes in ({"seed": "x"}, {"sede": None}, {"seconds": "3", "frames": "41"}):
        with pytest.raises(RequestRejected):
            options.with_changes(changes)


def test_options_cannot_be_changed_in_place() -> None:
    """A job's options are a value: whoever holds them cannot change them for others."""
    options = read_options("", {"seed": "7"})
    with pytest.raises(TypeError):
        options.texts["seed"] = "8"  # type: ignore[index]
