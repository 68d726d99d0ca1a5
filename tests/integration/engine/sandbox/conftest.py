"""The fixtures of tests that run packages in a sandbox."""

from tests.services.nursery import nurse
from tests.services.runtimes import runtime_data

__all__ = ["nurse", "runtime_data"]
