"""Whether code of source distributions may run while an environment is made."""

from __future__ import annotations

from enum import StrEnum


class Builds(StrEnum):
    """What an engine installs: `wheels` alone, or where there is none also what it builds from an `sdists`."""

    WHEELS = "wheels"
    SDISTS = "sdists"
