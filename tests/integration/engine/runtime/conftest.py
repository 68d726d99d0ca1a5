"""The runtime's fixtures."""

from tests.services.nursery import nurse
from tests.services.runtimes import runtime_data, tiny

__all__ = ["nurse", "runtime_data", "tiny"]
