"""Which NVIDIA cards this machine has, read from the driver without loading torch."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gpu:
    """One card as the driver sees it."""

    index: int
    name: str
    memory_bytes: int
    free_bytes: int
    driver: str


def find_gpus(environ: Mapping[str, str]) -> tuple[Gpu, ...]:
    """Return the cards that a render server started with ``environ`` can use; none where there is no driver."""
    if environ.get("CUDA_VISIBLE_DEVICES", "all") in ("", "-1"):  # CUDA's own way to hide every card
        return ()
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return ()
    try:
        driver = str(pynvml.nvmlSystemGetDriverVersion())
        return tuple(_gpu(pynvml.nvmlDeviceGetHandleByIndex(i), i, driver) for i in range(pynvml.nvmlDeviceGetCount()))
    finally:
        pynvml.nvmlShutdown()


def _gpu(handle: object, index: int, driver: str) -> Gpu:
    import pynvml

    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    return Gpu(index, str(pynvml.nvmlDeviceGetName(handle)), int(memory.total), int(memory.free), driver)
