"""`ship serve`: from settings to a listening engine, and down again."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import uvicorn
import uvloop
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from steamship_engine.app import lock, sandbox_file, sandboxing
from steamship_engine.app.access_log import NAME, AccessLog
from steamship_engine.app.databases import open_database, open_records_database
from steamship_engine.app.engine import Engine, ground_of
from steamship_engine.app.first_start import FirstUser, make_first_user
from steamship_engine.app.line_writer import LineWriter
from steamship_engine.app.machine import LoopMachine
from steamship_engine.app.protocol import EngineProtocol
from steamship_engine.app.worker_connections import WorkerConnections
from steamship_engine.control import audit, logs
from steamship_engine.control.addresses import Addresses, is_loopback
from steamship_engine.control.ground import Ground
from steamship_engine.model.sandbox import Sandbox
from steamship_engine.runtime.layers import Layers
from steamship_engine.runtime.runtime import Runtime
from steamship_engine.settings import Settings, SettingsError, inherited
from steamship_engine.store.database import Database
from steamship_engine.store.records import Records
from steamship_engine.store.refusals import Refusals

Say = Callable[[str], None]


def run(settings: Settings, say: Say) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. `say` prints a line for the operator.

    SettingsError, LockedError and kin, with words for the operator, where it cannot start.
    """
    with ExitStack() as stack:
        writer = stack.enter_context(LineWriter(sys.stderr))
        logging.basicConfig(level=settings.log_level.upper(), handlers=[writer.handler()])
        for chatty in ("alembic", "uvicorn.error"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        _open_many()
        settings.data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        for file in _locks(settings):
            stack.enter_context(lock.hold(file))
        listener = stack.enter_context(_listener(settings))
        database = open_database(settings)
        # The server raises the signal that stopped it once more when it is done: a clean stop ends with 0.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        access_log = AccessLog(writer.put if logging.getLogger(NAME).isEnabledFor(logging.INFO) else None)
        return runner.run(_serve(settings, database, listener, access_log, say))


async def _serve(
    settings: Settings, database: Database, listener: socket.socket, access_log: AccessLog, say: Say
) -> int:
    addresses = addresses_of(settings, listener.getsockname()[1])
    ports = sandboxing.ports_of(addresses)
    sandbox = await sandboxing.chosen(settings, ports)
    sandbox_file.remember(settings.data_dir, sandbox.mode)
    kept, refusals = Records(open_records_database(settings)), Refusals(database)
    connections = WorkerConnections()
    runtime = Runtime(
        settings.data_dir,
        pythons=settings.pythons,
        environ=inherited(),
        on_log=partial(logs.keep_line, kept),
        on_refused=partial(audit.keep_refusal, refusals),
        serve=connections,
        layers=Layers.of(sandbox.mode, ports),
        builds=settings.builds,
        network=settings.network,
    )
    machine = LoopMachine(runtime)
    ground = ground_of(settings, database, kept, refusals, addresses, machine, sandbox)
    first = make_first_user(ground, settings, Path.home())
    engine = Engine(
        ground,
        runtime,
        machine,
        drain_s=settings.drain_s,
        access_log=access_log,
        metrics_key=settings.metrics_key,
    )
    server = _Server(engine, settings, lambda: _announce(say, ground, settings, first, sandbox))
    connections.attach(server)
    await server.serve(sockets=[listener])
    return 0 if server.started else 1


class _Server(uvicorn.Server):
    """uvicorn with our settings, that says when it listens."""

    def __init__(self, engine: Engine, settings: Settings, announce: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                engine,
                http=EngineProtocol,
                # Nobody's word counts for who is at the other end of a connection.
                proxy_headers=False,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=max(1, round(settings.drain_s)),
            )
        )
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's; then the engine is there."""
        await super().startup(sockets)
        if self.started:
            # What is there now stays: to look through it again and again for garbage would hold up calls.
            gc.collect()
            gc.freeze()
            self._announce()


def _open_many() -> None:
    """As many descriptors as this process may have: each awake instance takes four."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _locks(settings: Settings) -> list[Path]:
    """What no second engine may work on: the data directory, and an SQLite file that lies elsewhere."""
    locks = [settings.data_dir / "engine.lock"]
    try:
        url = make_url(settings.database_url) if settings.database_url else None
    except ArgumentError:
        url = None  # opening the database says what is wrong with it
    if url is not None and url.drivername == "sqlite" and url.database:
        locks.append(Path(f"{url.database}.lock"))
    return locks


def addresses_of(settings: Settings, port: int) -> Addresses:
    """The three bases: the settings', else those of the port on this machine."""
    anywhere = is_loopback(settings.host) or settings.host in ("0.0.0.0", "::")  # noqa: S104  # it is compared
    host = "localhost" if anywhere else settings.host
    own = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
    return Addresses(
        api=settings.api_base or own + "api/v1/",
        app=settings.app_base or own,
        web=settings.web_base or own,
    )


def _listener(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"--host {settings.host} --port {settings.port} cannot be listened on: {error.strerror}. "
            "Choose another --port; 0 takes a free one."
        ) from None
    return listener


def _announce(
    say: Say, ground: Ground, settings: Settings, first: FirstUser | None, sandbox: Sandbox
) -> None:
    addresses = ground.addresses
    if first is not None:
        say(f'Made the user "{first.handle}". This is the key; it is not shown again:')
        say(f"  {first.key}")
        if first.profile is not None:
            say(f"It is stored in {first.profile}, so clients on this machine find it.")
        else:
            say("Store it with `ship login`.")
    if not is_loopback(settings.host) and not addresses.app_is_domain and "localhost" not in addresses.app:
        say(
            "Clients of the original Steamship put the owner before the host name, which an address without "
            f"DNS cannot have: give them {addresses.app}localhost/ as their app base."
        )
    for line in sandboxing.in_words(sandbox):
        say(line)
    say(f"Steamship engine ready at {addresses.app} (API {addresses.api})")
    say("Next, in another terminal: `ship deploy` in a package's folder. Ctrl-C stops the engine.")
