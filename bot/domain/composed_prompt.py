"""What a model is told: the person's prompt, and after it the words for what they chose beside it."""

from bot.domain.camera_moves import CameraMove
from generation.errors import ErrorCode, RequestRejected
from generation.request import MAX_PROMPT_CHARACTERS

#: For an empty prompt. Nothing in it holds the camera, as the engine's own default does: a move was asked for.
_GENTLE_SCENE = (
    "The scene comes alive with gentle, natural motion: small movements of people and things, air and light that shift "
    "softly."
)
_HELD_CAMERA = "The camera holds almost still."
_LITTLE_MOTION = "Only small, calm movements happen in the scene."
_MUCH_MOTION = "There is strong, lively movement throughout the scene."
#: Of the motion's 0..1; between them nothing is said.
_LITTLE_BELOW, _MUCH_ABOVE = 1 / 3, 2 / 3

_SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？", "।", "؟", "۔")
_CLOSING_MARKS = "\"'”’»)]」』"
_PAUSES = " \n,;:،、，；：-–—"
_JOINT = ".\n"


def compose_prompt(prompt: str, move: CameraMove | None = None, motion_strength: float | None = None) -> str:
    """Return ``prompt`` as it is, followed on a line of its own by sentences for the camera and the motion (0..1).

    An empty prompt begins with a sentence of gentle motion instead, unless there is nothing to add. Raises
    RequestRejected where both together are too long, with the length that still goes with these options.
    """
    wants_little = motion_strength is not None and motion_strength < _LITTLE_BELOW
    wants_much = motion_strength is not None and motion_strength > _MUCH_ABOVE
    added = [] if move is None else [move.words]
    if wants_little or wants_much:
        added.append(_LITTLE_MOTION if wants_little else _MUCH_MOTION)
    if not added:
        return prompt
    if not prompt:
        scene = [] if wants_much else [_GENTLE_SCENE]
        camera = [_HELD_CAMERA] if move is None else []
        return " ".join(scene + camera + added)
    words = " ".join(added)
    composed = f"{_whole_sentence(prompt)}\n{words}"
    if len(composed) > MAX_PROMPT_CHARACTERS:
        highest = MAX_PROMPT_CHARACTERS - len(_JOINT) - len(words)
        raise RequestRejected(ErrorCode.TEXT_TOO_LONG, field="prompt", value=len(prompt), highest=highest)
    return composed


def _whole_sentence(prompt: str) -> str:
    """Return the prompt with a full stop, so that no "no" or "and" at its end reaches into what follows."""
    if prompt.rstrip(_CLOSING_MARKS).endswith(_SENTENCE_ENDS):
        return prompt
    return (prompt.rstrip(_PAUSES) or prompt) + "."
