"""Chosen camera moves and motion become words: a model is told them, the camera engine understands them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.camera_moves import CAMERA_MOVES, CameraMove
from bot.domain.composed_prompt import compose_prompt
from bot.domain.options import read_options
from generation.engines.camera.engine import CameraEngine
from generation.engines.camera.moves import Axis, Move
from generation.engines.camera.words import GENTLE_PUSH, read_moves
from generation.engines.engine import Capabilities
from generation.errors import ErrorCode, RequestRejected
from generation.models import CAMERA, DEFAULT_LTX
from generation.picture import Picture
from generation.request import MAX_PROMPT_CHARACTERS

PHOTO = Picture(b"", 1600, 1200)
CAMERA_ENGINE = CameraEngine().capabilities
LTX = Capabilities("ltx", "ltxv-2b-0.9.1", uses_ai=True, negative_prompt=True, steps=True, guidance=True)

MEANINGS = {
    "still": (),
    "push-in": (Move(Axis.ZOOM, 1),),
    "pull-out": (Move(Axis.ZOOM, -1),),
    "pan-left": (Move(Axis.PAN, -1),),
    "pan-right": (Move(Axis.PAN, 1),),
    "tilt-up": (Move(Axis.TILT, 1),),
    "tilt-down": (Move(Axis.TILT, -1),),
    "orbit-left": (Move(Axis.ORBIT, -1),),
    "orbit-right": (Move(Axis.ORBIT, 1),),
    "roll-clockwise": (Move(Axis.ROLL, 1),),
    "roll-counterclockwise": (Move(Axis.ROLL, -1),),
    "dolly-zoom": (Move(Axis.DOLLY_ZOOM, 1),),
    "handheld": (Move(Axis.HANDHELD),),
}
MOVES = pytest.mark.parametrize("move", CAMERA_MOVES.values(), ids=CAMERA_MOVES)


def test_the_moves_on_offer_are_those_described_here() -> None:
    """Each way in which the camera engine can be told to move has a name."""
    assert list(CAMERA_MOVES) == list(MEANINGS)
    assert {move.axis for moves in MEANINGS.values() for move in moves} == set(Axis) - {Axis.DRIFT}


@MOVES
def test_a_moves_words_mean_exactly_this_move(move: CameraMove) -> None:
    """The words of a move are read as its axis and direction, in the usual size, and as nothing else."""
    assert read_moves(move.words) == MEANINGS[move.name]


@pytest.mark.parametrize(
    "prompt",
    [
        *(
            "",
            "a dog yawns",
            "a dog yawns.",
            "Where to?",
            "la casa está vacía…",
            'she says "no."',
            "犬が走る。",
            "a dog 🐶",
        ),
        *("a dog, running,", "no", "without", "the dog never", "it does not", "nothing —", "the camera", "a frying"),
        *(
            "first the dog yawns, then",
            "the boat is to the left and",
            "slow",
            "very slowly",
            "she does not, no،",
            "no؟",
        ),
        *("—", ",", "a dog\nwithout a leash", "a", "no sound, no music,"),
    ],
)
def test_a_moves_words_mean_the_same_behind_any_prompt(prompt: str) -> None:
    """Whatever stands before the words, and with words for motion behind them, they mean the same move."""
    for move in CAMERA_MOVES.values():
        for motion_strength in (None, 0.1, 1.0):
            assert read_moves(compose_prompt(prompt, move, motion_strength)) == MEANINGS[move.name], move.name


@given(prompt=st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=60))
def test_the_persons_own_text_comes_first(prompt: str) -> None:
    """What a person wrote begins the composed prompt, but for a comma or dash at its end that becomes a full stop."""
    composed = compose_prompt(prompt, CAMERA_MOVES["pan-left"])
    if prompt.strip(" ,;:-–—،、，；："):
        assert composed.startswith(prompt.rstrip(" ,;:-–—،、，；："))
    assert composed.endswith(CAMERA_MOVES["pan-left"].words)


def test_without_anything_chosen_a_prompt_stays_as_it_is() -> None:
    """No words are added that nobody asked for: neither to a prompt nor to an empty one."""
    for prompt in ("", "a dog yawns,"):
        assert compose_prompt(prompt) == prompt
        assert compose_prompt(prompt, motion_strength=0.5) == prompt


def test_an_empty_prompt_with_a_move_begins_with_a_gentle_scene() -> None:
    """Who chooses only a move gets a scene in gentle motion, and no camera that holds still at the same time."""
    composed = compose_prompt("", CAMERA_MOVES["orbit-left"])
    assert composed.startswith("The scene comes alive with gentle, natural motion")
    assert composed.count("camera") == 1
    assert composed.endswith(CAMERA_MOVES["orbit-left"].words)


def test_motion_is_said_in_words_where_the_engine_has_no_number_for_it() -> None:
    """Low and high become words for such an engine, medium none; an engine with motion strength gets a number."""
    with_number = replace(LTX, motion_strength=True)
    said = {}
    for motion in ("low", "medium", "high", "0.05", "0.95"):
        options = read_options("a dog yawns", {"motion": motion})
        in_words = options.to_request(DEFAULT_LTX, LTX, PHOTO)
        assert in_words.motion_strength is None
        said[motion] = in_words.prompt
        in_numbers = options.to_request(DEFAULT_LTX, with_number, PHOTO)
        assert in_numbers.prompt == "a dog yawns"
        assert in_numbers.motion_strength is not None
    assert said["medium"] == "a dog yawns"
    assert said["low"] == said["0.05"] != said["high"] == said["0.95"]
    assert "calm" in said["low"]
    assert "lively" in said["high"]


def test_motion_goes_from_low_to_high() -> None:
    """The three words are three strengths in their order, and medium is what an engine does by itself."""
    low, medium, high = (read_options("", {"motion": motion}).motion_strength for motion in ("low", "medium", "high"))
    assert low is not None
    assert high is not None
    assert 0 < low < 0.5 < high < 1
    assert medium == 0.5


def test_words_for_motion_move_no_camera() -> None:
    """Neither the scene of an empty prompt nor the words for motion are taken for a move of the camera."""
    for strength in (0.9, None):
        for prompt in ("", "a dog yawns"):
            assert read_moves(compose_prompt(prompt, motion_strength=strength)) == GENTLE_PUSH
    assert "calm" in compose_prompt("", motion_strength=0.1)


def test_for_the_camera_engine_a_chosen_move_wins_over_the_prompt() -> None:
    """Without a model only the camera moves: a chosen move replaces the moves that the prompt asks for."""
    options = read_options("zoom out quickly, then pan left", {"camera": "tilt-up"})
    assert read_moves(options.to_request(CAMERA, CAMERA_ENGINE, PHOTO).prompt) == MEANINGS["tilt-up"]
    assert options.prompt == "zoom out quickly, then pan left"


def test_for_the_camera_engine_a_prompt_without_a_chosen_move_is_read_itself() -> None:
    """Where no move is chosen, the prompt arrives as written and its own camera words count."""
    request = read_options("zoom out", {"motion": "high"}).to_request(CAMERA, CAMERA_ENGINE, PHOTO)
    assert request.prompt == "zoom out"
    assert request.motion_strength == 0.9


def test_a_prompt_too_long_for_its_added_words_is_refused_with_the_length_that_fits() -> None:
    """Nothing of a person's text is cut: it is refused with its length and the one that these options leave."""
    options = read_options("a" * MAX_PROMPT_CHARACTERS, {"camera": "push-in", "motion": "low"})
    with pytest.raises(RequestRejected) as rejected:
        options.check(DEFAULT_LTX, LTX)
    error = rejected.value
    assert (error.code, error.values["field"]) == (ErrorCode.TEXT_TOO_LONG, "prompt")
    assert error.values["value"] == MAX_PROMPT_CHARACTERS
    fitting = int(str(error.values["highest"]))
    assert len(options.with_changes({"prompt": "a" * fitting}).to_request(DEFAULT_LTX, LTX, PHOTO).prompt) == 2000
    with pytest.raises(RequestRejected):
        options.with_changes({"prompt": "a" * (fitting + 1)}).check(DEFAULT_LTX, LTX)
    options.check(CAMERA, CAMERA_ENGINE)
