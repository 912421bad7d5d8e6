"""What may be sent as a picture, and what comes out."""

import asyncio
import io
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from generation.errors import ErrorCode, PictureRejected
from generation.picture import Picture, PictureDecoder, PictureLimits
from tests.generation.crafted_pictures import (
    encoded,
    photograph,
    plain,
    png_chunks,
    png_of_one_row,
    scan_bomb,
    webp_bomb,
)

pillow_heif.register_heif_opener()

RED = (200, 60, 20)

DecoderWith = Callable[[PictureLimits], PictureDecoder]


@pytest.fixture(scope="module")
def decoder() -> Iterator[PictureDecoder]:
    """A decoder with the usual limits, whose children are made as is usual on this system."""
    decoder = PictureDecoder(PictureLimits())
    yield decoder
    asyncio.run(decoder.close())


@pytest.fixture(params=[500, 0], ids=["forked", "executed"])
async def decoder_with(request: pytest.FixtureRequest) -> AsyncIterator[DecoderWith]:
    """Makes decoders with the given limits, for what must hold for both kinds of children."""
    made: list[PictureDecoder] = []

    def with_limits(limits: PictureLimits) -> PictureDecoder:
        made.append(PictureDecoder(limits, pictures_of_a_stem=request.param))
        return made[-1]

    yield with_limits
    for decoder in made:
        await decoder.close()


async def refusal(decoder: PictureDecoder, data: bytes) -> PictureRejected:
    with pytest.raises(PictureRejected) as caught:
        await decoder.decode(data)
    return caught.value


def mean_colour(picture: Picture) -> list[float]:
    return list(picture.pixels().mean(axis=(0, 1)))


# What comes out


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "HEIF"])
async def test_every_format_comes_out_as_the_same_picture(decoder_with: DecoderWith, image_format: str) -> None:
    """JPEG, PNG, WebP, AVIF, GIF and HEIC are taken; size and colours stay."""
    decoder = decoder_with(PictureLimits())
    original = photograph(240, 160)
    picture = await decoder.decode(encoded(original, image_format))
    assert (picture.width_px, picture.height_px) == (240, 160)
    assert np.abs(picture.pixels().astype(int) - np.asarray(original)).mean() < 14


@pytest.mark.parametrize(
    ("image", "image_format"),
    [
        (Image.new("L", (80, 80), 90), "PNG"),
        (Image.new("LA", (80, 80), (90, 255)), "PNG"),
        (Image.new("RGBA", (80, 80), (90, 90, 90, 255)), "WEBP"),
        (Image.new("I;16", (80, 80), 90 * 257), "PNG"),
        (Image.new("I;16", (80, 80), 90 * 257), "HEIF"),
        (Image.new("L", (80, 80), 90).convert("P"), "GIF"),
        (Image.new("CMYK", (80, 80), (0, 0, 0, 165)), "JPEG"),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else value,
)
async def test_the_same_grey_in_any_mode_stays_that_grey(
    decoder: PictureDecoder, image: Image.Image, image_format: str
) -> None:
    """Grey, palette, CMYK, 16 bit, with or without alpha: 90 of 255 is 90 of 255."""
    picture = await decoder.decode(encoded(image, image_format))
    assert mean_colour(picture) == pytest.approx([90, 90, 90], abs=2)


async def test_black_and_white_stays_black_and_white(decoder: PictureDecoder) -> None:
    """A picture of one bit a pixel comes out as 0 and 255."""
    image = Image.new("1", (80, 80), 0)
    image.paste(1, (0, 0, 40, 80))
    pixels = (await decoder.decode(encoded(image, "PNG"))).pixels()
    assert pixels[:, :40].min() == 255
    assert pixels[:, 40:].max() == 0


async def test_a_ramp_of_16_bit_grey_keeps_its_steps(decoder: PictureDecoder) -> None:
    """From black to white in 16 bits comes out from black to white, not as a white sheet."""
    ramp = np.tile(np.arange(256, dtype=np.uint16) * 257, (64, 1))
    pixels = (await decoder.decode(encoded(Image.fromarray(ramp), "PNG"))).pixels()
    assert pixels[0, :, 0].tolist() == list(range(256))


@pytest.mark.parametrize(
    ("image", "image_format", "options"),
    [
        (Image.new("RGBA", (80, 80), (0, 0, 0, 0)), "PNG", {}),
        (Image.new("LA", (80, 80), (0, 0)), "PNG", {}),
        (Image.new("RGB", (80, 80), (0, 0, 0)), "PNG", {"transparency": (0, 0, 0)}),
        (Image.new("P", (80, 80), 0), "PNG", {"transparency": 0}),
        (Image.new("P", (80, 80), 0), "GIF", {"transparency": 0}),
        (Image.new("RGBA", (80, 80), (0, 0, 0, 0)), "HEIF", {}),
    ],
    ids=lambda value: value.mode if isinstance(value, Image.Image) else str(value),
)
async def test_what_is_transparent_becomes_white(
    decoder: PictureDecoder, image: Image.Image, image_format: str, options: dict[str, object]
) -> None:
    """However a format says that a pixel is transparent, white is behind it."""
    picture = await decoder.decode(encoded(image, image_format, **options))
    assert mean_colour(picture) == pytest.approx([255, 255, 255], abs=2)


async def test_half_transparent_red_on_white_is_pink(decoder: PictureDecoder) -> None:
    """Alpha mixes the colour with white in proportion."""
    picture = await decoder.decode(encoded(Image.new("RGBA", (80, 80), (255, 0, 0, 128)), "PNG"))
    assert mean_colour(picture) == pytest.approx([255, 127, 127], abs=1)


#: For each value of EXIF's orientation, how a camera that was held that way stores an upright scene.
STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize(
    ("orientation", "image_format"),
    [*((orientation, "JPEG") for orientation in STORED_AS), (6, "PNG"), (6, "WEBP"), (6, "AVIF"), (6, "HEIF")],
)
async def test_a_turned_photograph_is_put_upright(decoder: PictureDecoder, orientation: int, image_format: str) -> None:
    """However the camera was held, the same scene comes out: red at the upper left."""
    upright = Image.new("RGB", (120, 80), "white")
    upright.paste(RED, (0, 0, 30, 20))
    turn = STORED_AS[orientation]
    stored = upright if turn is None else upright.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = await decoder.decode(encoded(stored, image_format, exif=exif.tobytes(), quality=95))
    assert (picture.width_px, picture.height_px) == (120, 80)
    assert picture.pixels()[5, 5].tolist() == pytest.approx(list(RED), abs=12)
    assert picture.pixels()[75, 115].tolist() == pytest.approx([255, 255, 255], abs=12)


async def test_an_orientation_that_cannot_be_read_does_not_cost_the_picture(decoder: PictureDecoder) -> None:
    """EXIF that is nonsense is left out of account."""
    data = encoded(Image.new("RGB", (80, 80), RED), "PNG", exif=b"Exif\0\0no TIFF at all")
    assert mean_colour(await decoder.decode(data)) == pytest.approx(RED, abs=1)


async def test_a_large_photograph_is_scaled_to_two_megapixels(decoder: PictureDecoder) -> None:
    """More than 2 MP come out as just below 2 MP of the same ratio."""
    picture = await decoder.decode(plain(4_000, 3_000))
    assert 1_980_000 < picture.width_px * picture.height_px <= 2_000_000
    assert picture.width_px / picture.height_px == pytest.approx(4 / 3, rel=0.001)


async def test_of_an_animation_the_first_frame_is_taken(decoder: PictureDecoder) -> None:
    """A GIF of 300 frames is the picture that it starts with."""
    frames = [Image.new("RGB", (80, 80), (number % 250, 0, 120)) for number in range(1, 300)]
    gif = encoded(Image.new("RGB", (80, 80), RED), "GIF", save_all=True, append_images=frames)
    assert mean_colour(await decoder.decode(gif)) == pytest.approx(RED, abs=6)


async def test_neither_metadata_nor_appended_bytes_come_out(decoder: PictureDecoder) -> None:
    """Place, comment, profile and whatever is glued to the file's end stay outside: the PNG holds pixels."""
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    profile = b"no profile at all"
    photo = Image.new("RGB", (80, 80), RED)
    data = encoded(photo, "JPEG", exif=exif, comment=b"secret", icc_profile=profile, xmp=b"<x/>") + b"PK\x03\x04 a zip"
    picture = await decoder.decode(data)
    assert set(png_chunks(picture.png)) == {"IHDR", "IDAT", "IEND"}
    assert Image.open(io.BytesIO(picture.png)).info == {}


async def test_a_broken_colour_profile_does_not_cost_the_picture(decoder: PictureDecoder) -> None:
    """A profile that cannot be read is left out of account."""
    data = encoded(Image.new("RGB", (80, 80), RED), "PNG", icc_profile=b"no profile at all")
    assert mean_colour(await decoder.decode(data)) == pytest.approx(RED, abs=1)


def test_a_picture_keeps_its_pixels_exactly() -> None:
    """What goes into a Picture comes out of it bit by bit."""
    pixels = np.asarray(photograph(70, 50))
    picture = Picture.from_rgb(pixels.tobytes(), 70, 50)
    assert np.array_equal(picture.pixels(), pixels)
    Image.open(io.BytesIO(picture.png)).verify()  # the checksums


def test_a_picture_is_read_as_png_only() -> None:
    """Bytes in another format never reach another decoder through a Picture."""
    with pytest.raises(OSError, match="cannot identify"):
        Picture(plain(80, 80), 80, 80).pixels()


def test_importing_the_module_loads_no_decoder() -> None:
    """Who never decodes a picture pays nothing for it."""
    program = "import sys, generation.picture; sys.exit('PIL' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# What is refused


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"BM" + bytes(200),
        b"8BPS" + bytes(99),
    ],
    ids=["nothing", "text", "pdf", "svg", "bmp", "psd"],
)
async def test_what_is_no_picture_of_ours_is_refused_by_name(decoder: PictureDecoder, data: bytes) -> None:
    """The refusal names the formats that are taken."""
    error = await refusal(decoder, data)
    assert error.code is ErrorCode.PICTURE_UNKNOWN_FORMAT
    assert error.values == {"formats": "JPEG, PNG, WebP, AVIF, GIF, HEIC"}


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "HEIF"])
async def test_half_a_file_is_refused_as_broken(decoder: PictureDecoder, image_format: str) -> None:
    """A file that ends too early is refused, whatever its format."""
    data = encoded(photograph(240, 160), image_format)
    assert (await refusal(decoder, data[: len(data) // 2])).code is ErrorCode.PICTURE_BROKEN


async def test_too_many_bytes_are_refused_unread(decoder_with: DecoderWith) -> None:
    """The refusal tells how many there are and how many may be."""
    decoder = decoder_with(PictureLimits(max_bytes=1_000))
    error = await refusal(decoder, bytes(1_001))
    assert error.code is ErrorCode.PICTURE_TOO_MANY_BYTES
    assert error.values == {"bytes": 1_001, "max_bytes": 1_000}


async def test_a_side_of_63_pixels_is_too_small(decoder: PictureDecoder) -> None:
    """64 pixels are enough, 63 are not."""
    assert (await decoder.decode(plain(64, 64))).width_px == 64
    error = await refusal(decoder, plain(80, 63))
    assert error.code is ErrorCode.PICTURE_TOO_SMALL
    assert error.values == {"width_px": 80, "height_px": 63, "min_side_px": 64}


async def test_a_ratio_beyond_four_to_one_is_too_narrow(decoder: PictureDecoder) -> None:
    """4:1 is taken, 5:1 is not, lying or standing."""
    assert (await decoder.decode(plain(400, 100))).width_px == 400
    error = await refusal(decoder, plain(100, 500))
    assert error.code is ErrorCode.PICTURE_TOO_NARROW
    assert error.values == {"width_px": 100, "height_px": 500, "max_ratio": 4.0}


@pytest.mark.parametrize(
    ("data", "size"),
    [(webp_bomb(), (13_000, 13_000)), (png_of_one_row(20_000, 4_000), (20_000, 4_000))],
    ids=["webp of 38 bytes", "png of one row"],
)
async def test_a_small_file_that_promises_too_many_pixels_is_refused(
    decoder: PictureDecoder, data: bytes, size: tuple[int, int]
) -> None:
    """What the header promises counts, before memory is taken for it."""
    error = await refusal(decoder, data)
    assert error.code is ErrorCode.PICTURE_TOO_LARGE
    assert (error.values["width_px"], error.values["height_px"]) == size
    assert error.values["max_pixels"] == 50_000_000


async def test_a_jpeg_may_have_more_pixels_than_other_formats(decoder: PictureDecoder) -> None:
    """60 MP are taken as JPEG, which decodes at a part of its size, and refused as PNG."""
    sheet = Image.new("L", (10_000, 6_000), 90)
    assert mean_colour(await decoder.decode(encoded(sheet, "JPEG"))) == pytest.approx([90, 90, 90], abs=1)
    assert (await refusal(decoder, encoded(sheet, "PNG", compress_level=1))).code is ErrorCode.PICTURE_TOO_LARGE


async def test_a_scan_bomb_is_refused_at_once(decoder: PictureDecoder) -> None:
    """A progressive JPEG of 2,000 scans, 40 s of work, is refused by its markers, before the CPU limit of 5 s."""
    bomb = scan_bomb()
    started_at = time.monotonic()
    assert (await refusal(decoder, bomb)).code is ErrorCode.PICTURE_TOO_COSTLY
    assert time.monotonic() - started_at < 4


async def test_an_endless_row_of_jpeg_segments_is_refused(decoder: PictureDecoder) -> None:
    """A JPEG of a million empty comments is refused before Pillow reads them one by one."""
    photo = plain(80, 80)
    data = photo[:2] + b"\xff\xfe\x00\x02" * 1_000_000 + photo[2:]
    assert (await refusal(decoder, data)).code is ErrorCode.PICTURE_TOO_COSTLY


async def test_metadata_that_looks_like_scans_makes_no_bomb(decoder: PictureDecoder) -> None:
    """Hundreds of segments whose contents look like the start of a scan are a phone's everyday."""
    photo = plain(80, 80)
    contents = b"\xff\xda" * 20
    segment = b"\xff\xed" + struct.pack(">H", len(contents) + 2) + contents
    picture = await decoder.decode(photo[:2] + segment * 300 + photo[2:])
    assert mean_colour(picture) == pytest.approx(RED, abs=3)


async def test_a_picture_that_needs_more_cpu_than_allowed_is_too_costly(decoder_with: DecoderWith) -> None:
    """Where the markers tell nothing, the limit of CPU time ends the decoder."""
    decoder = decoder_with(PictureLimits(max_cpu_s=1))
    assert (await refusal(decoder, scan_bomb(side_px=9_000, extra_scans=90))).code is ErrorCode.PICTURE_TOO_COSTLY


async def test_a_picture_that_needs_more_memory_than_allowed_is_too_costly(decoder_with: DecoderWith) -> None:
    """The limit of memory ends in a refusal, not in a crash."""
    decoder = decoder_with(PictureLimits(max_memory_bytes=200_000_000))
    sheet = encoded(Image.new("RGB", (8_000, 6_000), RED), "PNG", compress_level=1)
    assert (await refusal(decoder, sheet)).code is ErrorCode.PICTURE_TOO_COSTLY
