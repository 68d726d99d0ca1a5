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

from steamship_engine.store.append_only import EMPTY_CHAIN
from tools.postgres import INSTALL_COMMAND, find_postgres

_OWNER = "steamship"  # the cluster's superuser
_SOCKET_PATH_LIMIT = 107  # bytes, of the kernel's sockaddr_un
_READY = "database system is ready to accept connections"
_STOP_SECONDS = 20
_SHAPE = """
    SELECT md5(string_agg(facts::text, '' ORDER BY facts::text)) FROM (SELECT 'trigger', tgrelid::regclass::text, tgname, tgenabled::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT 'column', attrelid::regclass::text, attname, atttypid::regtype::text, attnotnull::text
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
    UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'function', proname, '', '', prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace) AS facts
"""
"""What a database is like without what is in it."""

_EMPTY = f"""
    SET lock_timeout = '2s';
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET session_replication_role = replica;
    DO $$ DECLARE one text; BEGIN
        FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP EXECUTE format('DELETE FROM %I', one); END LOOP;
        FOR one IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
            LOOP PERFORM setval(one::regclass, 1, false); END LOOP;
    END $$;
    {EMPTY_CHAIN}
"""
"""Takes everything out of it, whatever its triggers forbid, but for the row that is there from the beginning."""


class PostgresCluster:
    """A running cluster, and the databases in it."""

    def __init__(self, programs: Path) -> None:
        """Make and start one with the `initdb` and `postgres` of the folder `programs`."""
        self.folder = Path(tempfile.mkdtemp(prefix="steamship-pg-", dir=_short_folder()))
        self._programs = programs
        self._numbers = itertools.count(1)
        self._idle: dict[str, list[str]] = {}
        self._shapes: dict[str, list[tuple[object, ...]]] = {}
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

    def lend_copy(self, template: str) -> str:
        """The name of a copy of `template` that nobody has changed, made before or now; to be given back."""
        idle = self._idle.setdefault(template, [])
        if template not in self._shapes:
            self._shapes[template] = self._ask(template, _SHAPE)
        return idle.pop() if idle else self.create_database(template)

    def give_back(self, template: str, name: str) -> None:
        """Nobody uses the copy any more: it is emptied for the next one, or dropped where that cannot be."""
        try:
            whole = self._ask(name, f"{_EMPTY}; {_SHAPE}") == self._shapes[template]
        except psycopg.Error:
            whole = False
        if whole:
            self._idle[template].append(name)
        else:
            self.drop_database(name)

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
        self._ask("postgres", statement)

    def _ask(self, database: str, statement: str) -> list[tuple[object, ...]]:
        """The rows of the last statement of these."""
        with psycopg.connect(
            host=str(self.folder), user=_OWNER, dbname=database, autocommit=True
        ) as connection:
            cursor = connection.execute(statement)
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

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
