"""What the camera understands of a prompt."""

import pytest

from generation.engines.camera.moves import Axis, Move
from generation.engines.camera.words import GENTLE_DRIFT, GENTLE_PUSH, read_moves


def said(prompt: str) -> list[tuple[Axis, int]]:
    return [(move.axis, move.direction) for move in read_moves(prompt)]


@pytest.mark.parametrize(
    ("prompt", "axis", "direction"),
    [
        ("zoom in", Axis.ZOOM, 1),
        ("Zooming out", Axis.ZOOM, -1),
        ("ZOOM OUT!!!", Axis.ZOOM, -1),
        ("zoom into her eyes", Axis.ZOOM, 1),
        ("a smiling woman zoom in", Axis.ZOOM, 1),
        ("slow zoom on the lighthouse", Axis.ZOOM, 1),
        ("push in", Axis.ZOOM, 1),
        ("a slow push-in on her face", Axis.ZOOM, 1),
        ("the camera pushes in", Axis.ZOOM, 1),
        ("push out", Axis.ZOOM, -1),
        ("pull back to reveal the valley", Axis.ZOOM, -1),
        ("pull out", Axis.ZOOM, -1),
        ("dolly in", Axis.ZOOM, 1),
        ("dolly out", Axis.ZOOM, -1),
        ("the camera glides forward", Axis.ZOOM, 1),
        ("pan left", Axis.PAN, -1),
        ("the camera pans to the right", Axis.PAN, 1),
        ("pan from left to right", Axis.PAN, 1),
        ("pan the camera left", Axis.PAN, -1),
        ("whip_pan left", Axis.PAN, -1),
        ("tracking shot to the right", Axis.PAN, 1),
        ("a right pan", Axis.PAN, 1),
        ("truck left", Axis.PAN, -1),
        ("Truck Right", Axis.PAN, 1),
        ("dolly left", Axis.PAN, -1),
        ("tilt up", Axis.TILT, 1),
        ("tilt the camera down", Axis.TILT, -1),
        ("pedestal up", Axis.TILT, 1),
        ("crane down", Axis.TILT, -1),
        ("jib up", Axis.TILT, 1),
        ("the camera rises", Axis.TILT, 1),
        ("roll clockwise", Axis.ROLL, 1),
        ("rotate the camera counter-clockwise", Axis.ROLL, -1),
        ("anticlockwise roll", Axis.ROLL, -1),
        ("the camera rolls left", Axis.ROLL, -1),
        ("orbit left", Axis.ORBIT, -1),
        ("arc shot to the right", Axis.ORBIT, 1),
        ("dolly zoom", Axis.DOLLY_ZOOM, 1),
        ("vertigo effect", Axis.DOLLY_ZOOM, 1),
        ("dolly zoom out", Axis.DOLLY_ZOOM, -1),
        ("handheld", Axis.HANDHELD, 1),
        ("hand-held footage", Axis.HANDHELD, 1),
        ("shaky camera", Axis.HANDHELD, 1),
    ],
)
def test_camera_words_become_a_move(prompt: str, axis: Axis, direction: int) -> None:
    """The usual names of camera moves are understood in the forms in which people write them."""
    assert said(prompt) == [(axis, direction)]


@pytest.mark.parametrize(
    ("prompt", "axis"),
    [
        ("orbit", Axis.ORBIT),
        ("the camera orbits around the woman", Axis.ORBIT),
        ("the camera circles around the tower", Axis.ORBIT),
        ("a cinematic pan across the skyline", Axis.PAN),
        ("the camera rolls", Axis.ROLL),
    ],
)
def test_a_move_without_a_side_leaves_the_side_to_the_seed(prompt: str, axis: Axis) -> None:
    """Where a prompt names a sideways move but no side, the direction stays open."""
    assert said(prompt) == [(axis, 0)]


@pytest.mark.parametrize(
    "prompt",
    [
        "static camera",
        "Locked-off shot of a street",
        "the camera stays still",
        "still camera, the dog runs",
        "no camera movement",
        "the camera doesn’t move",
        "without moving the camera",
        "no zoom, pan or tilt",
        "without zooming or panning",
    ],
)
def test_a_camera_that_is_to_stand_still_gets_no_moves(prompt: str) -> None:
    """Whoever wants a locked camera, or refuses its moves altogether, gets one that does not move."""
    assert read_moves(prompt) == ()


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "the cat yawns",
        "el perro corre",
        "the dog turns its head",
        "the dog tilts its head",
        "a pan of pancakes",
        "a frying pan left on the stove",
        "the pan left on the stove",
        "still water at dawn",
        "still life with apples",
        "the moon in orbit",
        "orbit of the moon",
        "the moon orbits the earth",
        "a truck left the garage",
        "the truck drives right",
        "a crane up in the sky",
        "she pushes in the door",
        "push in the door",
        "he pulls out a letter",
        "pull back the curtain",
        "the wheel rotates clockwise",
        "the ball rolls right",
        "rolling hills",
        "a bread roll",
        "a zoom call with friends",
        "a motorcycle zooms in and out of the traffic",
        "a shaky old man",
        "a handheld console on the table",
        "the eagle circles around the tower",
        "the boat glides left",
        "the camera follows the boat as it glides left",
        "tilt shift photography",
        "panama hats and tiltings",
        "not a static camera",
    ],
)
def test_a_prompt_without_a_camera_word_gets_a_gentle_push(prompt: str) -> None:
    """Sentences about things that pan, roll, tilt or stand still say nothing about the camera."""
    assert read_moves(prompt) == GENTLE_PUSH


@pytest.mark.parametrize(
    ("prompt", "rest"),
    [
        ("don't zoom in, pan left instead", [(Axis.PAN, -1)]),
        ("don't zoom and pan left", [(Axis.PAN, -1)]),
        ("zoom in without panning", [(Axis.ZOOM, 1)]),
        ("no zoom, tilt up", [(Axis.TILT, 1)]),
        ("zoom in, no handheld shake", [(Axis.ZOOM, 1)]),
        ("the camera does not roll clockwise or pan left but zooms out", [(Axis.ZOOM, -1)]),
    ],
)
def test_a_refused_move_is_left_out(prompt: str, rest: list[tuple[Axis, int]]) -> None:
    """A negation takes its move away and leaves the others."""
    assert said(prompt) == rest


def test_no_zoom_alone_still_moves_a_little() -> None:
    """Whoever only refuses the zoom gets a slow drift; whoever only refuses the pan gets the usual push."""
    assert read_moves("no zoom") == GENTLE_DRIFT
    assert read_moves("without panning") == GENTLE_PUSH


def test_several_moves_happen_together() -> None:
    """Moves in one prompt are done at the same time, each once."""
    assert read_moves("zoom in, pan left and tilt up; zoom in") == (
        Move(Axis.ZOOM, 1),
        Move(Axis.PAN, -1),
        Move(Axis.TILT, 1),
    )


@pytest.mark.parametrize(
    "prompt",
    ["pan left, then zoom out", "pan left followed by a zoom out", "First, pan left. Then zoom out."],
)
def test_moves_that_follow_each_other_are_staged(prompt: str) -> None:
    """``then`` and its like put moves one after the other."""
    assert read_moves(prompt) == (Move(Axis.PAN, -1, stage=0), Move(Axis.ZOOM, -1, stage=1))


@pytest.mark.parametrize("prompt", ["zoom in and out", "zoom in, zoom out", "push in and pull back"])
def test_moves_that_undo_each_other_are_staged(prompt: str) -> None:
    """There and back again are two stages: together they would be no move at all."""
    assert read_moves(prompt) == (Move(Axis.ZOOM, 1, stage=0), Move(Axis.ZOOM, -1, stage=1))


def test_a_long_list_of_stages_ends() -> None:
    """A clip of a few seconds gets four moves in a row at most."""
    assert read_moves("zoom in and out, " * 50)[-1].stage == 3


@pytest.mark.parametrize(
    ("gentler", "stronger"),
    [
        ("slowly zoom in", "zoom in"),
        ("zoom in", "quickly zoom in"),
        ("very slowly zoom in", "slowly zoom in"),
        ("the camera pans gently to the right", "the camera pans to the right"),
        ("zoom in on her face slowly", "zoom in on her face"),
        ("orbit left slightly", "orbit left dramatically"),
        ("subtle handheld shake", "handheld"),
        ("", "push in"),
    ],
)
def test_adverbs_scale_the_move(gentler: str, stronger: str) -> None:
    """Slow, gentle and slight make less of a move, fast and dramatic more; the push of the default is a gentle one."""
    assert read_moves(gentler)[0].amount < read_moves(stronger)[0].amount


def test_each_adverb_belongs_to_its_own_move() -> None:
    """An adverb counts for the move next to it, not for its neighbours nor for what the subject does."""
    slow, fast = read_moves("slowly zoom in")[0].amount, read_moves("quickly pan left")[0].amount
    assert [move.amount for move in read_moves("slowly zoom in and quickly pan left")] == [slow, fast]
    assert read_moves("zoom in on the dog running quickly")[0].amount == 1
    assert read_moves("the big dog runs fast as the camera pans left")[0].amount == 1
