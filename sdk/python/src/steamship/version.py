"""The version of the installed distribution."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("steamship")
except PackageNotFoundError:
    # Only the sources are there, as in a bundle that carries them.
    __version__ = "unknown"
