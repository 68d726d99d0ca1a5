"""The fixtures of tests that run packages, and builds, in a sandbox."""

from tests.services.building import isolating, yard
from tests.services.nursery import nurse
from tests.services.runtimes import runtime_data

__all__ = ["isolating", "nurse", "runtime_data", "yard"]
