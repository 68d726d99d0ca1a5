"""All targets, by name."""

from __future__ import annotations

from tests.fuzzing.targets import (
    addresses,
    arguments,
    channel,
    child_frames,
    engine_frames,
    handles,
    manifests,
    original_replies,
    plain_heads,
    requirements,
    worker,
    zips,
)

_MODULES = [
    addresses, arguments, channel, child_frames, engine_frames, handles, manifests, original_replies, plain_heads, requirements,
    worker,
    zips,
]  # fmt: skip
TARGETS = {module.TARGET.name: module.TARGET for module in _MODULES}
