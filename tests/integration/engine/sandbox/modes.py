"""The modes with a sandbox that isolates, as far as this machine and user have them."""

from __future__ import annotations

import os

from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.runtime.layers import Layers
from tests.services.confinement import PORTS

# An ordinary user has control groups only where somebody gave them some.
MODES = (SandboxMode.FULL, SandboxMode.NO_CGROUP) if os.geteuid() == 0 else (SandboxMode.NO_CGROUP,)
STRONGEST = Layers(MODES[0], PORTS)
