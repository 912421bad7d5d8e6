"""The wire: what is packed is what is unpacked, and anything else is refused."""

import json
from collections.abc import Callable

import pytest

from generation.engines.engine import Phase, Progress
from generation.errors import EncodeFailed, ErrorCode, RenderRefused, RequestRejected
from generation.picture import Picture
from generation.request import Condition, ImageToVideoRequest, VideoShape
from generation.wire import Still, pack_line, pack_request, unpack_line, unpack_request

MakeRequest = Callable[..., ImageToVideoRequest]


def test_a_request_arrives_as_it_was(make_request: MakeRequest, picture: Picture) -> None:
    """Every field and every picture of a request comes through, clips and odd characters included."""
    request = make_request(
        conditions=(
            Condition((picture,), strength=0.5),
            Condition((picture,) * 9, frame_index=8),
        ),
        shape=VideoShape(96, 64, 17, 30),
        prompt='a "quoted"\nline · 漢字 \U0001f680',
        negative_prompt="blur",
        motion_strength=0.25,
        guidance=2.5,
    )
    assert unpack_request(pack_request(request, 12345)) == (request, 12345)


@pytest.mark.parametrize(
    "line",
    [
        Progress(Phase.DENOISE, 3, 50),
        Still(b"\xff\xd8 jpeg \n bytes"),
    ],
)
def test_a_line_arrives_as_it_was(line: Progress | Still) -> None:
    """Progress and stills come through, whatever bytes are in them, each on one line."""
    packed = pack_line(line)
    assert packed.count(b"\n") == 1
    assert unpack_line(packed) == line


@pytest.mark.parametrize(
    "error",
    [
        RenderRefused(ErrorCode.OUT_OF_MEMORY),
        RequestRejected(ErrorCode.OUT_OF_RANGE, field="steps", value=0, lowest=1, highest=200, nearest=1),
        EncodeFailed(ErrorCode.ENCODER_DIED, exit_code=-9, detail="a\nb"),
    ],
)
def test_an_error_arrives_with_type_code_and_values(error: RenderRefused | RequestRejected | EncodeFailed) -> None:
    """An error that crosses the wire is the same error on the other side."""
    arrived = unpack_line(pack_line(error))
    assert type(arrived) is type(error)
    assert isinstance(arrived, type(error))
    assert (arrived.code, arrived.values) == (error.code, error.values)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json\n",
        b"[]\n",
        b"{}\n",
        b'{"conditions": [{"pictures": [{"bytes": 10, "width": 1, "height": 1}]}]}\nshort',
        b'{"conditions": 7}\n',
    ],
)
def test_a_malformed_body_is_refused(body: bytes) -> None:
    """Bytes that are no request are refused as such, whatever they are."""
    with pytest.raises(RequestRejected) as rejected:
        unpack_request(body)
    assert rejected.value.code is ErrorCode.MALFORMED


def test_a_wrong_value_in_a_body_is_refused_by_its_own_rule(make_request: MakeRequest) -> None:
    """The rules hold for what comes over the wire too."""
    line, _, pictures = pack_request(make_request(), 1000).partition(b"\n")
    body = json.dumps({**json.loads(line), "width": 700}).encode() + b"\n" + pictures
    with pytest.raises(RequestRejected) as rejected:
        unpack_request(body)
    assert rejected.value.code is ErrorCode.NOT_A_MULTIPLE
