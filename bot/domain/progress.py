"""How far a render is, as far as it matters for what it costs."""

from generation.engines.engine import Phase

#: The phases in which most of the work is done; a render goes through one of them.
_MAIN_PHASES = frozenset({Phase.DENOISE, Phase.DRAW})
_PHASES_AFTER = frozenset({Phase.DECODE, Phase.ENCODE})


def is_half_done(phase: Phase, step: int, steps: int) -> bool:
    """Whether at least half of the steps are done, so that a cancel gives no credits back."""
    return phase in _PHASES_AFTER or (phase in _MAIN_PHASES and steps > 0 and 2 * step >= steps)
