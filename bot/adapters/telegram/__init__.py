"""Telegram: chats with people and groups, by python-telegram-bot."""
