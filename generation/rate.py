"""How many bits a second a video may have, so that its file keeps to a size."""

#: The cap on the rate leaves 8 % for the container and for what x264 overshoots; held on noise at 2, 8 and 10 MiB.
SHARE_OF_LIMIT = 0.92
#: A clip of half a second must not be allowed 200 Mbit/s: this stays inside H.264 level 4.1, which phones decode.
_MAX_BITS_PER_S = 50_000_000
#: Sides of a second and third try; multiples of 32 stay even. x264 keeps to a rate only roughly over a few frames, and
#: with several threads not twice alike, so that 3/4 alone is now and then not enough.
SMALLER = (3 / 4, 1 / 2)


def bits_per_s(max_bytes: int, seconds: float, share_of_limit: float) -> int:
    """Return the rate that fills this share of the limit."""
    return min(int(share_of_limit * max_bytes * 8 / seconds), _MAX_BITS_PER_S)
