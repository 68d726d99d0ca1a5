"""What the proxy does not do, and how it says so."""

from __future__ import annotations

REFUSED = b"x-steamship-refused"
"""The header of an answer that is the proxy's own: its word for why."""


class RefusalError(Exception):
    """A request that the proxy does not pass on.

    `status` is HTTP's: 400 for what cannot be read, 403 for what is not allowed, 502 and 504 for what could not be
    reached, 503 where the engine is busy. `why` is a word of ours for records; `message` is for people, one line of printable ASCII.
    """

    def __init__(self, status: int, why: str, message: str) -> None:
        super().__init__(message)
        self.status, self.why, self.message = status, why, message

    @property
    def is_denial(self) -> bool:
        """Whether the rules forbid it; the others are failures."""
        return self.status == 403
