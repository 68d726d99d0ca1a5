"""What has gone through the proxy: for one worker, and for all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """Bytes to and from others, and requests that were passed on, refused by the rules, and failed.

    What is counted for a worker counts in `whole`, too. The engine's own traffic is no egress.
    """

    sent: int = 0
    received: int = 0
    passed: int = 0
    refused: int = 0
    failed: int = 0
    whole: Traffic | None = None

    def moved(self, sent: int, received: int) -> None:
        """So many bytes were sent and received."""
        self.sent += sent
        self.received += received
        if self.whole is not None:
            self.whole.moved(sent, received)

    def ended(self, *, passed: int = 0, refused: int = 0, failed: int = 0) -> None:
        """So many requests ended so."""
        self.passed += passed
        self.refused += refused
        self.failed += failed
        if self.whole is not None:
            self.whole.ended(passed=passed, refused=refused, failed=failed)
