"""What is stored about a person comes as one file, as far as their place takes one."""

import gzip
import json

from bot.service.export_file import export_file

FACTS: dict[str, object] = {
    "person": "scripted:anna",
    "jobs": [{"prompt": f"a boat, ein Schiff ⛵ {n}"} for n in range(99)],
}
_SIZE_BYTES = len(json.dumps(FACTS, ensure_ascii=False, indent=2).encode())


def test_what_fits_comes_as_it_is() -> None:
    """Where the file fits it is plain JSON, with every letter as the person wrote it."""
    name, data = export_file(FACTS, _SIZE_BYTES)
    assert (name, len(data)) == ("my-data.json", _SIZE_BYTES)
    assert json.loads(data) == FACTS
    assert "⛵" in data.decode()


def test_what_is_too_large_comes_packed() -> None:
    """Where only the packed file fits it is packed, and nothing is missing."""
    name, data = export_file(FACTS, _SIZE_BYTES - 1)
    assert name == "my-data.json.gz"
    assert len(data) < _SIZE_BYTES
    assert json.loads(gzip.decompress(data)) == FACTS


def test_what_fits_in_no_way_is_empty() -> None:
    """Where not even the packed file fits there is none, rather than half of one."""
    assert export_file(FACTS, 10)[1] == b""
