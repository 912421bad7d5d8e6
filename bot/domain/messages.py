"""Every sentence that a person can read. What goes wrong elsewhere is a code with values; here it becomes words."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.domain.job import Failure
from bot.domain.refusal_words import FAILURES, refusal_sentence
from bot.domain.refusals import FailureCode, Refused
from generation.errors import ErrorCode, GenerationError

_SENTENCES: Mapping[ErrorCode, str] = MappingProxyType(
    {
        # the request
        ErrorCode.NOT_A_MULTIPLE: "{field} must be a multiple of {multiple}; {value} is not. The nearest is {nearest}.",
        ErrorCode.OUT_OF_RANGE: "{field} must be from {lowest} to {highest}; {value} is not. The nearest is {nearest}.",
        ErrorCode.NOT_A_NUMBER: "{field} must be a number of the right kind; {value} is not.",
        ErrorCode.FRAMES_NOT_8K_PLUS_1: (
            "{field} must be a multiple of 8 plus 1 (9, 17, 25 … 257), and {value} is not. The nearest is {nearest}."
        ),
        ErrorCode.FRAME_TOO_LARGE: (
            "A frame of {width_px} × {height_px} is too large: at most {max_frame_pixels} pixels are allowed. "
            "The nearest {field} is {nearest}."
        ),
        ErrorCode.TEXT_TOO_LONG: "{field} is {value} characters long; at most {highest} are read. Please shorten it.",
        ErrorCode.TEXT_HAS_CONTROL_CHARACTERS: "{field} holds control characters. Please type it again without them.",
        ErrorCode.NO_START_PICTURE: "There is no start picture. Please send one.",
        ErrorCode.CLIP_LENGTH: "A clip must have 8k + 1 frames; {value} are not. The nearest is {nearest}.",
        ErrorCode.CONDITION_PAST_THE_END: "A picture is set to frame {value}; the video's last frame is {highest}.",
        ErrorCode.SECONDS_AND_FRAMES: "Please give seconds or frames, not both.",
        ErrorCode.NOT_SUPPORTED: "{model} has no {field}. Please leave it out or choose another model.",
        ErrorCode.MALFORMED: "The request could not be read ({field}).",
        ErrorCode.NOT_A_WHOLE_NUMBER: "{field} must be a whole number; {value} is not.",
        ErrorCode.NOT_A_CHOICE: "{field} can be {choices}; {value} is none of them.",
        ErrorCode.UNKNOWN_OPTION: "There is no option {field}. Did you mean {nearest}?",
        ErrorCode.OPTION_GIVEN_TWICE: "{field} is given twice. Please give it once.",
        ErrorCode.OPTION_WITHOUT_VALUE: "{field} needs a value after it. Please write one, or leave {field} out.",
        ErrorCode.QUOTE_NOT_CLOSED: "The quotation mark after {field} is not closed. Please close it.",
        # the picture
        ErrorCode.PICTURE_TOO_MANY_BYTES: "The picture file is too large; at most {max_bytes} are taken.",
        ErrorCode.PICTURE_UNKNOWN_FORMAT: "This is not a picture that can be read. Please send one of {formats}.",
        ErrorCode.PICTURE_BROKEN: "The picture is damaged or incomplete. Please send it again or save it anew.",
        ErrorCode.PICTURE_TOO_SMALL: (
            "The picture is {width_px} × {height_px}; each side must have at least {min_side_px} pixels."
        ),
        ErrorCode.PICTURE_TOO_LARGE: (
            "The picture is {width_px} × {height_px}, more than {max_pixels} pixels. Please send a smaller one."
        ),
        ErrorCode.PICTURE_TOO_NARROW: (
            "The picture is {width_px} × {height_px}; one side may be at most {max_ratio} times "
            "the other. Please crop it."
        ),
        ErrorCode.PICTURE_TOO_COSTLY: "The picture takes too long or too much memory to open. Please save it anew.",
        # the engine
        ErrorCode.NO_GPU: "No NVIDIA graphics card with a working driver was found.",
        ErrorCode.WEIGHTS_MISSING: (
            "No weights for {model} were found in {folder}. Fetch them with `animate-bot models pull {model}`, "
            "or set ANIMATE_GENERATION__MODEL to a folder that holds them."
        ),
        ErrorCode.WEIGHTS_BROKEN: (
            "The weights of {model} in {folder} are not whole ({detail}). Delete that folder and fetch them again."
        ),
        ErrorCode.WEIGHTS_NOT_LTX: "{folder} holds no LTX-Video checkpoint in the diffusers layout (found: {found}).",
        ErrorCode.WEIGHTS_CHANGED: (
            "The weights of {model} are not those that were locked ({found} instead of {locked}). Fetch them again."
        ),
        ErrorCode.UNKNOWN_MODEL: "There is no model {model}. Did you mean {nearest}?",
        ErrorCode.UNKNOWN_ENGINE: "There is no engine {engine}; there are: {known}.",
        ErrorCode.MODEL_NEEDS_ENGINE: "The model {model} needs the engine {engine}.",
        ErrorCode.LIBRARY_MISSING: "{library} is not installed. Run `pip install -e '.[{extra}]'` in its folder.",
        ErrorCode.PULL_FAILED: "The weights of {model} could not be fetched: {detail}.",
        ErrorCode.NOT_ENOUGH_MEMORY: "{model} does not fit into the memory of {device}. Choose a smaller model.",
        ErrorCode.NO_FFMPEG: "No ffmpeg was found at {path}. Set ANIMATE_GENERATION__FFMPEG to one.",
        ErrorCode.SERVER_START_FAILED: "The render server did not start: {detail}",
        # the file
        ErrorCode.ENCODER_DIED: "The video could not be encoded: ffmpeg ended with {exit_code}. {detail}",
        ErrorCode.ENCODED_FILE_WRONG: (
            "The encoded video is not whole: {found_frames} of {expected_frames} frames ({detail})."
        ),
        ErrorCode.ENCODED_FILE_TOO_LARGE: (
            "The video came out larger than {max_bytes} even at a smaller size. Please ask for fewer seconds."
        ),
        # the render
        ErrorCode.OUT_OF_MEMORY: (
            "The video is too large for this graphics card. Please try fewer seconds or a smaller size."
        ),
        ErrorCode.NOT_FINITE: "The model lost itself and gave no picture. Please try another seed.",
        ErrorCode.ENGINE_FAULT: "Something broke while the video was made; the log says what.",
        ErrorCode.SERVER_BUSY: "The render server is busy. Please try again in a moment.",
        ErrorCode.SERVER_UNREACHABLE: "The render server does not answer ({detail}).",
        ErrorCode.SERVER_RESTARTING: "The render server is starting again. Please try in {retry_after_s} s.",
        ErrorCode.SERVER_ENDED_BEFORE_START: "The render server ended before it began. Please try again.",
        ErrorCode.SERVER_DIED: (
            "The render server died while it made the video (exit code {exit_code}). Please try again."
        ),
        ErrorCode.SERVER_SILENT: "The render server showed no sign of life for {silence_limit_s} s and was ended.",
        ErrorCode.ANSWER_BROKEN: "The render server's answer broke off. Please try again.",
    }
)

#: How the fields of a request are called where a person sets them.
_FIELD_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "negative_prompt": "negative prompt",
        "negative": "negative prompt",
        "motion_strength": "motion",
        "end_picture": "end picture",
        "frame_index": "frame",
    }
)


def sentence(error: GenerationError | Refused | Failure) -> str:
    """Return what a person is told of an error: what is wrong, and what to do next."""
    match error:
        case Refused():
            return refusal_sentence(error.code, error.values)
        case Failure(code) if code in set(FailureCode):
            return FAILURES[FailureCode(code)]
        case _:
            values = {name: _shown(name, value) for name, value in error.values.items()}
            return _SENTENCES[ErrorCode(error.code)].format(**values)


def _shown(name: str, value: object) -> str:
    if name == "field":
        return _FIELD_WORDS.get(str(value), str(value))
    if name.endswith("bytes") and isinstance(value, int):
        return file_size(value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def file_size(size_bytes: int) -> str:
    """Return a size as people write it: ``812 kB``, ``3.4 MB``."""
    if size_bytes < 1_000_000:
        return f"{size_bytes / 1000:.0f} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"
