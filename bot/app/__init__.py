"""The composition root: the only place where objects are made and closed."""

from bot.app.studio import Studio, engine_choice, open_studio

__all__ = ["Studio", "engine_choice", "open_studio"]
