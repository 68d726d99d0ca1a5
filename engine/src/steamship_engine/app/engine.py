"""The parts of one engine, put together; an ASGI application with a lifespan."""

from __future__ import annotations

import asyncio
import logging
import secrets
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy.exc import SQLAlchemyError

from steamship_engine.api import invocations
from steamship_engine.api.background import Executor, Internal
from steamship_engine.api.shell import Api
from steamship_engine.api.table import BY_PATH, OPERATIONS
from steamship_engine.app import worker_connections
from steamship_engine.app.access_log import AccessLog, logged
from steamship_engine.app.counting import counted
from steamship_engine.app.front import Front
from steamship_engine.app.machine import LoopMachine
from steamship_engine.app.metrics import Metrics
from steamship_engine.app.scraping import Scraping
from steamship_engine.control import audit, bundles, package_calls
from steamship_engine.control.addresses import Addresses
from steamship_engine.control.ground import Changes, Ground
from steamship_engine.control.use import INIT_OPERATION
from steamship_engine.gateway.app import Gateway
from steamship_engine.gateway.instance_init import initialize
from steamship_engine.gateway.package_tasks import PackageTasks
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.sandbox import Sandbox
from steamship_engine.runtime.enforced import enforced_in
from steamship_engine.runtime.port import RuntimePort
from steamship_engine.settings import Settings
from steamship_engine.store.blobs import Blobs
from steamship_engine.store.database import Database
from steamship_engine.store.records import Records
from steamship_engine.store.refusals import Refusals
from steamship_engine.store.vault import Vault, secret_from
from steamship_engine.tasks.loop import TaskLoop
from steamship_engine.tasks.threads import in_thread
from steamship_engine.tasks.waiting import Waiting
from steamship_engine.web.app import Web

_log = logging.getLogger(__name__)


def ground_of(
    settings: Settings,
    database: Database,
    records: Records,
    refusals: Refusals,
    addresses: Addresses,
    machine: LoopMachine,
    sandbox: Sandbox,
) -> Ground:
    """What control stands on, in the data directory that the settings name."""
    blob_url = settings.blob_url or f"file://{quote(str(settings.data_dir / 'blobs'))}"
    return Ground(
        database=database,
        blobs=Blobs(blob_url, database),
        vault=Vault(settings.secret_key or secret_from(settings.data_dir / "secret.key")),
        records=records,
        refusals=refusals,
        machine=machine,
        addresses=addresses,
        uploads=_uploads(settings.data_dir),
        boot_secret=secrets.token_bytes(32),
        changes=Changes(),
        many_users=sandbox.mode.isolates or settings.insecure_no_sandbox,
        sandbox=sandbox.mode,
        caps=settings.caps,
        network=settings.network,
        enforced=enforced_in(sandbox.mode),
    )


class Engine:
    """Everything that runs between the socket and the ground, on one event loop."""

    def __init__(
        self,
        ground: Ground,
        runtime: RuntimePort,
        machine: LoopMachine,
        *,
        drain_s: float,
        access_log: AccessLog | None = None,
        metrics_key: str | None = None,
    ) -> None:
        """`machine` is the one in `ground`, on `runtime`. `metrics_key` opens `/metrics`, see `Scraping`."""
        self._ground = ground
        self.access_log = access_log or AccessLog()
        self.metrics = Metrics()
        self._runtime = runtime
        self._machine = machine
        self._drain_s = drain_s
        self._ready = False
        self._sweeping: asyncio.Task[None] | None = None
        self._waiting = Waiting(ground.database)
        internal: dict[str, Internal] = {
            INIT_OPERATION: partial(initialize, ground, runtime),
            package_calls.OPERATION: PackageTasks(ground, runtime),
        }
        self._tasks = TaskLoop(
            database=ground.database,
            blobs=ground.blobs,
            vault=ground.vault,
            execute=Executor(ground, BY_PATH, internal),
            on_loop=internal.keys(),
            report=ground.changes.report,
            owner=new_id(),
            alone=ground.database.engine.dialect.name == "sqlite",
        )
        for listener in (self._waiting.notice, self._tasks.notice):
            ground.changes.listen(listener)
        gateway = Gateway(ground, runtime, invocations.accepted)
        api = Api(ground, OPERATIONS, self._waiting.wait, authenticate=gateway.actor)
        self.warm = gateway.warm
        self.may_call = partial(worker_connections.may_call, ground)
        front = Front(
            ground.addresses,
            api=api,
            gateway=gateway,
            web=Web(ground),
            scrape=Scraping(
                self.metrics, ground.database, runtime.stats, ground.addresses, metrics_key
            ).answer,
            is_ready=lambda: self._ready,
            sandbox=ground.sandbox,
            admit=partial(worker_connections.check, ground),
            note=lambda error, source: audit.note(ground.refusals, error, None, source, "front"),
        )
        self._front = logged(counted(front, self.metrics), self.access_log)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, or the lifespan of the server around it."""
        if scope["type"] == "http":
            await self._front(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def start(self) -> None:
        """Take up the work that an earlier engine left, then be ready."""
        self._machine.attach(asyncio.get_running_loop())
        self._ground.records.start()
        self._ground.refusals.start()
        await self._tasks.start()
        self._sweeping = asyncio.create_task(self._sweep())
        head = await asyncio.to_thread(audit.started, self._ground, version("steamship-engine"))
        _log.info("The audit trail's last line is %s.", head)
        self._ready = True

    async def stop(self) -> None:
        """Give running tasks their time, then end every worker and close the database."""
        self._ready = False
        await self._tasks.stop(self._drain_s)
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._machine.attach(None)
        await self._runtime.close()
        await asyncio.to_thread(self._ground.records.close)
        await asyncio.to_thread(self._ground.refusals.close)
        try:
            _log.info("The audit trail's last line is %s.", await asyncio.to_thread(audit.head, self._ground))
        except SQLAlchemyError as error:
            _log.warning("The audit trail cannot be read: %s", error)
        self._ground.database.close()

    async def _sweep(self) -> None:
        for what, sweep in (
            ("objects of the blob store", self._ground.blobs.sweep),
            ("unpacked bundles", partial(bundles.sweep, self._ground)),
        ):
            try:
                removed = await in_thread(sweep, f"sweep of {what}")
            except Exception as error:
                _log.warning("Abandoned %s were not removed: %s", what, error)
            else:
                _log.info("Removed %d abandoned %s.", removed, what)

    async def _lifespan(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.start()
                except Exception:
                    _log.exception("The engine could not start.")
                    await send({"type": "lifespan.startup.failed", "message": "the engine could not start"})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _uploads(data_dir: Path) -> Path:
    """The folder for files on their way in, emptied of what a killed engine left there."""
    folder = data_dir / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    for left in folder.iterdir():
        left.unlink()
    return folder
