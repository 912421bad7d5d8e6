"""What can go wrong on the way from a picture and a prompt to a video.

GenerationError
├── RequestRejected       a value breaks a rule; the person can change it
├── PictureRejected       the bytes do not become a picture; the person can send another
├── EngineUnavailable     no engine can be loaded: weights, library or card are missing; the operator's turn
├── EncodeFailed          the frames did not become an MP4
├── RenderRefused         the engine began and said no; the same again would fail again
├── RenderBusy            never began: costs no attempt, try again later
└── RenderLost            began, then vanished: may be run once more

An error carries a code and values. The sentence that a person reads is made in ``bot.domain.messages``, so that this
package knows no language.
"""

from enum import StrEnum
from typing import ClassVar

Value = str | int | float | bool | None


class ErrorCode(StrEnum):
    """The contract with whoever makes sentences: a code and the values that come with it."""

    # RequestRejected: field, value, and what the rule needs
    NOT_A_MULTIPLE = "not_a_multiple"  # field, value, multiple, nearest
    OUT_OF_RANGE = "out_of_range"  # field, value, lowest, highest, nearest
    NOT_A_NUMBER = "not_a_number"  # field, value
    FRAMES_NOT_8K_PLUS_1 = "frames_not_8k_plus_1"  # field, value, nearest
    FRAME_TOO_LARGE = "frame_too_large"  # field, width_px, height_px, max_frame_pixels, nearest
    TEXT_TOO_LONG = "text_too_long"  # field, value, highest
    TEXT_HAS_CONTROL_CHARACTERS = "text_has_control_characters"  # field
    NO_START_PICTURE = "no_start_picture"  # field
    CLIP_LENGTH = "clip_length"  # field, value, nearest
    CONDITION_PAST_THE_END = "condition_past_the_end"  # field, value, highest
    SECONDS_AND_FRAMES = "seconds_and_frames"  # field
    NOT_SUPPORTED = "not_supported"  # field, engine, model
    MALFORMED = "malformed"  # field
    NOT_A_WHOLE_NUMBER = "not_a_whole_number"  # field, value
    NOT_A_CHOICE = "not_a_choice"  # field, value, choices
    UNKNOWN_OPTION = "unknown_option"  # field, nearest
    OPTION_GIVEN_TWICE = "option_given_twice"  # field
    OPTION_WITHOUT_VALUE = "option_without_value"  # field
    QUOTE_NOT_CLOSED = "quote_not_closed"  # field

    # PictureRejected
    PICTURE_TOO_MANY_BYTES = "picture_too_many_bytes"  # bytes, max_bytes
    PICTURE_UNKNOWN_FORMAT = "picture_unknown_format"  # formats
    PICTURE_BROKEN = "picture_broken"
    PICTURE_TOO_SMALL = "picture_too_small"  # width_px, height_px, min_side_px
    PICTURE_TOO_LARGE = "picture_too_large"  # width_px, height_px, max_pixels, max_side_px
    PICTURE_TOO_NARROW = "picture_too_narrow"  # width_px, height_px, max_ratio
    PICTURE_TOO_COSTLY = "picture_too_costly"  # takes too long or too much memory to decode

    # EngineUnavailable
    NO_GPU = "no_gpu"
    NOT_ENOUGH_MEMORY = "not_enough_memory"  # model, device
    WEIGHTS_MISSING = "weights_missing"  # model, folder
    WEIGHTS_BROKEN = "weights_broken"  # model, folder, detail
    WEIGHTS_NOT_LTX = "weights_not_ltx"  # folder, found
    WEIGHTS_CHANGED = "weights_changed"  # model, locked, found
    UNKNOWN_MODEL = "unknown_model"  # model, nearest
    UNKNOWN_ENGINE = "unknown_engine"  # engine, known
    MODEL_NEEDS_ENGINE = "model_needs_engine"  # model, engine
    LIBRARY_MISSING = "library_missing"  # library, extra
    PULL_FAILED = "pull_failed"  # model, detail
    NO_FFMPEG = "no_ffmpeg"  # path
    SERVER_START_FAILED = "server_start_failed"  # detail, exit_code

    # EncodeFailed
    ENCODER_DIED = "encoder_died"  # exit_code, detail
    ENCODED_FILE_WRONG = "encoded_file_wrong"  # expected_frames, found_frames, detail
    ENCODED_FILE_TOO_LARGE = "encoded_file_too_large"  # bytes, max_bytes

    # RenderRefused
    OUT_OF_MEMORY = "out_of_memory"
    NOT_FINITE = "not_finite"
    ENGINE_FAULT = "engine_fault"  # detail: the exception's type, for the log

    # RenderBusy
    SERVER_BUSY = "server_busy"
    SERVER_UNREACHABLE = "server_unreachable"  # detail
    SERVER_RESTARTING = "server_restarting"  # retry_after_s
    SERVER_ENDED_BEFORE_START = "server_ended_before_start"

    # RenderLost
    SERVER_DIED = "server_died"  # exit_code
    SERVER_SILENT = "server_silent"  # silence_limit_s
    ANSWER_BROKEN = "answer_broken"  # detail


class GenerationError(Exception):
    """The root: ``code`` says what happened, ``values`` are the facts that a sentence about it needs."""

    kind: ClassVar[str] = "generation"

    def __init__(self, code: ErrorCode, **values: Value) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        facts = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.code}({facts})"


class RequestRejected(GenerationError):
    """A value of the request breaks a rule or is beyond the engine."""

    kind = "request"


class PictureRejected(GenerationError):
    """The bytes cannot become an upright picture within the limits."""

    kind = "picture"


class EngineUnavailable(GenerationError):
    """No engine can be loaded as configured; somebody has to change something first."""

    kind = "engine"


class EncodeFailed(GenerationError):
    """The frames did not become an MP4 that decodes back to them; no file is left."""

    kind = "encode"


class RenderRefused(GenerationError):
    """The engine began and said no: the same request would end the same way."""

    kind = "refused"


class RenderBusy(GenerationError):
    """The render never began: the server is full, starting, or not there."""

    kind = "busy"


class RenderLost(GenerationError):
    """The render began and its server vanished, fell silent or answered nonsense."""

    kind = "lost"


class RenderCancelled(BaseException):
    """Raised inside an engine to leave a render at once.

    A BaseException, so that no ``except Exception`` on the way out of a library can swallow it.
    """


#: How an error that crosses the wire finds its type again.
ERROR_KINDS: dict[str, type[GenerationError]] = {
    error.kind: error
    for error in (
        RequestRejected,
        PictureRejected,
        EngineUnavailable,
        EncodeFailed,
        RenderRefused,
        RenderBusy,
        RenderLost,
    )
}
