"""The runtime's fixtures."""

from tests.services.runtimes import runtime_data, tiny

__all__ = ["runtime_data", "tiny"]
