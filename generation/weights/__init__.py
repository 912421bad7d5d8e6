"""Where a model's weights are, whether they are whole, and how they get here."""

from generation.weights.checkpoint import Checkpoint, find
from generation.weights.pull import PullProgress, pull

__all__ = ["Checkpoint", "PullProgress", "find", "pull"]
