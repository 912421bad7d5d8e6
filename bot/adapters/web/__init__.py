"""The web channel: a page on localhost, and the same as an HTTP API."""
