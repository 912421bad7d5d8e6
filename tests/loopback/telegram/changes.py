"""Waiting for a state instead of for a time, as the loopback Discord has it."""

from tests.loopback.discord.changes import PATIENCE_S, Changes, Found, NeverHappened

__all__ = ["PATIENCE_S", "Changes", "Found", "NeverHappened"]
