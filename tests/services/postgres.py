"""A throwaway PostgreSQL for the tests: one cluster a test session (and xdist worker), sockets only."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tools.postgres import INSTALL_COMMAND, find_postgres

_OWNER = "steamship"  # the cluster's superuser
_SOCKET_PATH_LIMIT = 107  # bytes, of the kernel's sockaddr_un
_READY = "database system is ready to accept connections"
_STOP_SECONDS = 20


class PostgresCluster:
    """A running cluster, and the databases in it."""

    def __init__(self, programs: Path) -> None:
        """Make and start one with the `initdb` and `postgres` of the folder `programs`."""
        self.folder = Path(tempfile.mkdtemp(prefix="steamship-pg-", dir=_short_folder()))
        self._programs = programs
        self._numbers = itertools.count(1)
        self._log: deque[str] = deque(maxlen=200)
        try:
            if os.geteuid() == 0:
                shutil.chown(self.folder, *_unprivileged())
            self._initialise()
            self._process = self._start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://{_OWNER}@/{database}?host={self.folder}"

    def create_database(self, template: str = "template0") -> str:
        """Make a database, empty or a copy of `template` (to which nobody is connected); returns its name."""
        name = f"test_{next(self._numbers)}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop_database(self, name: str) -> None:
        """Drop it, whoever is connected."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        """Stop the server and remove everything."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(_STOP_SECONDS)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _execute(self, statement: str) -> None:
        with psycopg.connect(
            host=str(self.folder), user=_OWNER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement)

    def _initialise(self) -> None:
        command: list[str | Path] = [
            self._programs / "initdb",
            f"--pgdata={self.folder / 'data'}",
            f"--username={_OWNER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        ]
        subprocess.run(
            [*_as_unprivileged(), *command],
            check=True,
            capture_output=True,
            cwd=self.folder,
            env=_environment(),
        )

    def _start(self) -> subprocess.Popen[str]:
        """Start the server and wait until its log says that it is ready."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
            "jit": "off",
            "max_connections": "200",
            "logging_collector": "off",
            "log_destination": "stderr",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        process = subprocess.Popen(
            [*_as_unprivileged(), self._programs / "postgres", "-D", self.folder / "data", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=_environment(),
        )
        ready = threading.Event()
        threading.Thread(target=self._follow, args=(process, ready), daemon=True).start()
        ready.wait(60)
        if not any(_READY in line for line in self._log):
            process.kill()
            raise RuntimeError("PostgreSQL did not start:\n" + "".join(self._log))
        return process

    def _follow(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        """Keep the end of the log; the pipe must be read for as long as the server lives."""
        assert process.stderr is not None
        with process.stderr as lines:
            for line in lines:
                self._log.append(line)
                if _READY in line:
                    ready.set()
        ready.set()


def _short_folder() -> str:
    """A folder for temporary files whose sockets' paths are short and which other users may enter."""
    for folder in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        path = Path(folder).resolve()
        socket = path / "steamship-pg-12345678" / ".s.PGSQL.5432.lock"
        enterable = os.geteuid() != 0 or all(step.stat().st_mode & 0o001 for step in (path, *path.parents))
        if len(os.fsencode(socket)) < _SOCKET_PATH_LIMIT and enterable and os.access(path, os.W_OK):
            return str(path)
    raise RuntimeError("no temporary folder has a short path that other users may enter; set TMPDIR=/tmp")


def _unprivileged() -> tuple[int, int]:
    """User and group to run the server as when the tests run as root, which PostgreSQL refuses."""
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise RuntimeError('PostgreSQL does not run as root, and this machine has no user "postgres" or "nobody"')


def _as_unprivileged() -> list[str]:
    """The words that start a program as that user; it ends when the tests end, however they do."""
    words = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() == 0:
        user, group = _unprivileged()
        words += [f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    return words


def _environment() -> dict[str, str]:
    """A clean one: no PG* variable of the caller's, and log lines in English."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[PostgresCluster]:
    """A cluster for the whole session; started when the first test asks for it."""
    programs = find_postgres()
    if programs is None:
        pytest.fail(
            f"PostgreSQL is missing; run `make setup-test`, or install it with `{INSTALL_COMMAND}`",
            pytrace=False,
        )
    cluster = PostgresCluster(programs)
    yield cluster
    cluster.stop()


@pytest.fixture
def postgres_url(postgres_cluster: PostgresCluster) -> Iterator[str]:
    """The URL of an empty PostgreSQL database that is this test's alone."""
    name = postgres_cluster.create_database()
    yield postgres_cluster.url(name)
    postgres_cluster.drop_database(name)
