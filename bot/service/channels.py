"""What a chat platform can come to as a whole."""


class ChannelClosed(Exception):
    """A platform takes this bot no more as it is set up: the operator must act. What was accepted is kept."""

    def __init__(self, channel: str, reason: str) -> None:
        super().__init__(channel, reason)
        self.channel, self.reason = channel, reason
