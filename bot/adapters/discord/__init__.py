"""Discord: commands, buttons and forms in, one status message a job out. Translates only; no rule lives here."""
