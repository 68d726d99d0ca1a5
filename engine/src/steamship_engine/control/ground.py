"""What every control function stands on; `app.py` puts it together once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from steamship_engine.control.addresses import Addresses
from steamship_engine.control.audit import Told
from steamship_engine.control.bundles import AtWork
from steamship_engine.model.network import DEFAULT, Network
from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.model.version_limits import CAPS, VersionLimits
from steamship_engine.runtime.port import BundleFacts, Description, VersionSpec, WorkerFacts
from steamship_engine.store.blobs import Blobs
from steamship_engine.store.database import Database
from steamship_engine.store.records import Records
from steamship_engine.store.refusals import Refusals
from steamship_engine.store.vault import Vault


class Machine(Protocol):
    """The runtime as blocking code sees it; `app.py` crosses over to the event loop."""

    def inspect(self, bundle: Path, digest: str) -> BundleFacts:
        """As `RuntimePort.inspect`."""

    def prepare(self, version: VersionSpec) -> Description:
        """As `RuntimePort.prepare`."""

    def discard(self, attempt: str) -> None:
        """As `RuntimePort.discard`."""

    def stop(self, instance_id: str) -> None:
        """As `RuntimePort.stop`."""

    def restart(self, instance_id: str) -> int:
        """As `RuntimePort.restart`."""

    def workers(self, instance_id: str) -> list[WorkerFacts]:
        """As `RuntimePort.workers`."""

    def unpacked(self) -> list[str]:
        """As `RuntimePort.unpacked`."""

    def forget(self, bundle: str) -> None:
        """As `RuntimePort.forget`."""


class Changes:
    """Tells caches what has changed, before the operation that changed it returns.

    Listeners run in the thread that reports; they must be quick and never raise.
    """

    def __init__(self) -> None:
        self._listeners: list[Callable[[str, str], None]] = []

    def listen(self, listener: Callable[[str, str], None]) -> None:
        """Call `listener(noun, id)` for every change from now on."""
        self._listeners.append(listener)

    def report(self, noun: str, noun_id: str) -> None:
        """`noun` is `key`, `user`, `workspace`, `package`, `version`, `instance` or `task`."""
        for listener in self._listeners:
            listener(noun, noun_id)


@dataclass(frozen=True)
class Ground:
    """The database, the blob store, the vault, the machine and the addresses.

    `records` is what packages say, `refusals` what the audit trail is told of refusals. `uploads` is a folder for
    files on their way in; whoever puts one there removes it. `boot_secret` signs worker keys and dies with the engine.
    `many_users` is False while nothing isolates them; `sandbox` is what packages run in. `at_work` is what `control/bundles.py` goes by, `told` what
    `control/audit.py` does. `caps` are the most that versions' limits may be; `enforced` says how, by their names;
    `network` is the most that versions reach.
    """

    database: Database
    blobs: Blobs
    vault: Vault
    records: Records
    refusals: Refusals
    machine: Machine
    addresses: Addresses
    uploads: Path
    boot_secret: bytes = field(repr=False)
    changes: Changes
    many_users: bool
    at_work: AtWork = field(default_factory=AtWork)
    told: Told = field(default_factory=Told)
    sandbox: SandboxMode = SandboxMode.NONE
    caps: VersionLimits = CAPS
    network: Network = DEFAULT
    enforced: Mapping[str, str] = field(default_factory=dict)
