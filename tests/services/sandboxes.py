"""The sandbox that tests of the runtime's own mechanics run packages in: none, so that they see the same process ids as their packages.

What a sandbox changes is tested in `tests/integration/engine/sandbox`; a whole engine takes the strongest that holds.
"""

from __future__ import annotations

from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.runtime.layers import Layers

UNCONFINED = Layers(SandboxMode.NONE)
