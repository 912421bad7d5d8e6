"""``python -m bot`` is ``animate-bot``."""

from bot.cli.main import main

if __name__ == "__main__":
    main()
