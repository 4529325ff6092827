class Refused(Exception):
    """The provider's answer is not one we may believe. `reason` is one word, for the journal and the administrator."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Away(Exception):
    """The provider does not answer, or not in a way that can be read."""
