"""What is stored about a person, as a file that they are sent."""

import gzip
import json

_NAME = "my-data.json"


def export_file(facts: dict[str, object], max_bytes: int) -> tuple[str, bytes]:
    """Return name and bytes of the export, packed where it would be too large, empty where even that is.

    Slow for somebody with many jobs: not for the event loop.
    """
    data = json.dumps(facts, ensure_ascii=False, indent=2).encode()
    if len(data) <= max_bytes:
        return _NAME, data
    packed = gzip.compress(data)
    return f"{_NAME}.gz", packed if len(packed) <= max_bytes else b""
