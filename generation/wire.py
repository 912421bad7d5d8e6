r"""The words between a render client and a render server: one JSON line and pictures there, JSON lines and an MP4 back.

request:  {"prompt": …, "conditions": [{"pictures": [{"bytes": 812345, …}], …}], "max_bytes": …}\n PNG PNG …
answer:   {"type": "progress", "phase": "denoise", "step": 3, "steps": 50}\n      at most two a second
          {"type": "still", "jpeg": "…base64…"}\n                                 now and then
          {"type": "error", "kind": "refused", "code": "out_of_memory", "values": {}}\n   the end, or
          {"type": "video", "mp4_bytes": 654321, "poster_bytes": 54321, …}\n MP4 poster   the end
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from generation.engines.engine import Phase, Progress
from generation.errors import ERROR_KINDS, ErrorCode, GenerationError, RenderLost, RequestRejected
from generation.picture import Picture
from generation.request import Condition, ImageToVideoRequest, VideoShape

MAX_BODY_BYTES = 256 * 2**20  # a clip of 257 pictures of 1 MB; one start picture is below 6 MB
MAX_LINE_BYTES = 2 * 2**20  # a still of a large frame is some 200 kB


@dataclass(frozen=True, slots=True)
class VideoHeader:
    """The last line of a good answer; the MP4 and the poster follow it."""

    mp4_bytes: int
    poster_bytes: int
    width_px: int
    height_px: int
    frames: int
    fps: int
    sha256: str
    engine: str
    model: str
    used_ai: bool
    render_seconds: float


@dataclass(frozen=True, slots=True)
class Still:
    """One frame as it will about look, as a JPEG."""

    jpeg: bytes


Line = Progress | Still | GenerationError | VideoHeader


def pack_request(request: ImageToVideoRequest, max_bytes: int) -> bytes:
    """Return the body of ``POST /generate``."""
    shape = request.shape
    head = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "width": shape.width_px,
        "height": shape.height_px,
        "frames": shape.frames,
        "fps": shape.fps,
        "seed": request.seed,
        "steps": request.steps,
        "guidance": request.guidance,
        "motion_strength": request.motion_strength,
        "max_bytes": max_bytes,
        "conditions": [
            {
                "frame_index": condition.frame_index,
                "strength": condition.strength,
                "pictures": [
                    {"bytes": len(picture.png), "width": picture.width_px, "height": picture.height_px}
                    for picture in condition.pictures
                ],
            }
            for condition in request.conditions
        ],
    }
    pngs = [picture.png for condition in request.conditions for picture in condition.pictures]
    return b"".join([json.dumps(head).encode(), b"\n", *pngs])


def unpack_request(body: bytes) -> tuple[ImageToVideoRequest, int]:
    """Return the request and ``max_bytes``; raises RequestRejected for what ``pack_request`` does not write."""
    start = body.find(b"\n") + 1
    try:
        head = json.loads(body[:start])
        conditions = []
        for condition in head["conditions"]:
            pictures = []
            for picture in condition["pictures"]:
                png = body[start : start + picture["bytes"]]
                start += picture["bytes"]
                if len(png) != picture["bytes"]:
                    raise RequestRejected(ErrorCode.MALFORMED, field="pictures")
                pictures.append(Picture(png, picture["width"], picture["height"]))
            conditions.append(Condition(tuple(pictures), condition["frame_index"], condition["strength"]))
        request = ImageToVideoRequest(
            conditions=tuple(conditions),
            shape=VideoShape(head["width"], head["height"], head["frames"], head["fps"]),
            seed=head["seed"],
            steps=head["steps"],
            guidance=head["guidance"],
            prompt=head["prompt"],
            negative_prompt=head["negative_prompt"],
            motion_strength=head["motion_strength"],
        )
        return request, int(head["max_bytes"])
    except (ValueError, KeyError, TypeError) as error:
        raise RequestRejected(ErrorCode.MALFORMED, field=f"body: {type(error).__name__}") from error


def pack_line(line: Line) -> bytes:
    """Return one line of the answer, with its line end."""
    fields: dict[str, Any]
    match line:
        case Progress():
            fields = {"type": "progress", **asdict(line)}
        case Still():
            fields = {"type": "still", "jpeg": base64.b64encode(line.jpeg).decode()}
        case VideoHeader():
            fields = {"type": "video", **asdict(line)}
        case GenerationError():
            fields = {"type": "error", **pack_error(line)}
    return json.dumps(fields).encode() + b"\n"


def unpack_line(text: bytes) -> Line:
    """Return what a line of the answer says; raises RenderLost where it is no line of ours."""
    try:
        fields = json.loads(text)
        match fields.pop("type"):
            case "progress":
                return Progress(Phase(fields["phase"]), fields["step"], fields["steps"])
            case "still":
                return Still(base64.b64decode(fields["jpeg"], validate=True))
            case "video":
                return VideoHeader(**fields)
            case "error":
                return unpack_error(fields)
            case unknown:
                raise RenderLost(ErrorCode.ANSWER_BROKEN, detail=f"a line of type {unknown!r}")
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise RenderLost(ErrorCode.ANSWER_BROKEN, detail=f"{type(error).__name__} in a line") from error


def pack_error(error: GenerationError) -> dict[str, Any]:
    """Return an error as JSON fields: its kind, code and values."""
    return {"kind": error.kind, "code": str(error.code), "values": error.values}


def unpack_error(fields: Mapping[str, Any]) -> GenerationError:
    """Return the error that ``pack_error`` wrote, of the same type; raises KeyError or ValueError for other fields."""
    return ERROR_KINDS[fields["kind"]](ErrorCode(fields["code"]), **fields["values"])
