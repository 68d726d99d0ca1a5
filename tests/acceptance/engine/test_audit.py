"""The audit trail of a running engine: `ship admin audit`, read, checked and pruned; a kill leaves it whole."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import StartEngine
from tests.packages import bundle
from tests.services.deploying import Api, Refused
from tests.services.engine import EngineProcess

CANARIES = {"token": "canary-of-the-config", "name": "canary-of-no-secret"}
_WITHIN_S = 20


def ship(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`ship admin audit ...` on an engine's data."""
    command = [sys.executable, "-m", "steamship_engine", "admin", "audit", *arguments]
    return subprocess.run([*command, "--data-dir", str(data)], check=False, capture_output=True, text=True)


def trail(data: Path, *arguments: str) -> list[dict[str, Any]]:
    done = ship(data, "--all", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    lines: list[dict[str, Any]] = json.loads(done.stdout)
    return lines


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    """An engine on which much has happened, some of it refused, and all of that is written."""
    home = tmp_path_factory.mktemp("busy")
    engine = EngineProcess(home, home / "data", {"insecure_no_sandbox": True}, {})
    second = engine.add_user("bob")
    admin, bob = Api(engine.api_base, engine.key), Api(engine.api_base, second.key)
    admin.deploy("configured", bundle("configured"))
    made = admin(
        "package/instance/create", {"packageHandle": "configured", "handle": "mine", "config": CANARIES}
    )["packageInstance"]
    key = admin("key/create", {"name": "laptop"})["key"]
    admin("key/revoke", {"id": key["id"]})
    revoked = Api(engine.api_base, key["apiKey"])
    with pytest.raises(Refused):
        revoked("account/current")
    with pytest.raises(Refused):
        bob("package/instance/get", {"id": made["id"]})
    headers = {"Authorization": f"Bearer {second.key}", "Connection": "close"}
    assert httpx.post(made["invocationURL"] + "greet", headers=headers, json={}).status_code == 404
    for api in (admin, bob, revoked):
        api.close()
    ends = time.monotonic() + _WITHIN_S
    while not {"key.refused", "access.refused"} <= {line["kind"] for line in trail(engine.data_dir)}:
        assert time.monotonic() < ends, "the refusals are not written"
        time.sleep(0.1)
    yield engine
    assert engine.stop() == 0, engine.log()


@pytest.fixture
def copied(busy: EngineProcess, tmp_path: Path) -> Path:
    """A copy of its database, to be tampered with."""
    with (
        closing(sqlite3.connect(busy.data_dir / "engine.db")) as source,
        closing(sqlite3.connect(tmp_path / "engine.db")) as copy,
    ):
        source.backup(copy)
    return tmp_path


def test_all_that_happened_is_told(busy: EngineProcess) -> None:
    """Start, users, keys, deploy, instance, and each refusal, with actor, address and request; and nothing secret."""
    lines = trail(busy.data_dir)
    kinds = [line["kind"] for line in lines]
    for kind in (
        "engine.started",
        "user.created",
        "package.created",
        "version.deployed",
        "instance.created",
        "secrets.opened",
        "key.made",
        "key.revoked",
    ):
        assert kind in kinds, kind
    by_request = [line for line in lines if line["actor"]["kind"] in ("user", "nobody")]
    assert all(line["address"] == "127.0.0.1" and line["requestId"] for line in by_request)
    refused = [line for line in lines if line["kind"] == "access.refused"]
    assert {line["detail"]["operation"] for line in refused} == {"package/instance/get", "invoke"}
    assert {line["actor"]["handle"] for line in refused} == {"bob"}
    told = json.dumps(lines)
    assert "ship_" not in told and "shipw_" not in told
    assert not [canary for canary in CANARIES.values() if canary in told]
    assert busy.key not in told


def test_a_person_reads_it(busy: EngineProcess) -> None:
    """Without `--json` a line of text each, narrowed by kind, actor and subject; an unknown kind is refused with what there is."""
    done = ship(busy.data_dir, "--kind", "key", "--actor", "admin", "--subject", "laptop", "--last", "1")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert "key.revoked done  by user admin  from 127.0.0.1" in line and "on key laptop" in line
    wrong = ship(busy.data_dir, "--kind", "keys")
    assert wrong.returncode == 2
    assert '"keys"' in wrong.stderr and "key.made" in wrong.stderr


def test_it_is_verified_beside_the_engine(busy: EngineProcess) -> None:
    """Whole, `verify` names the last line, and still knows it when others have come."""
    done = ship(busy.data_dir, "verify", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["whole"] and told["lines"] >= 8
    busy.add_user("carol")
    later = ship(busy.data_dir, "verify", "--head", told["head"])
    assert later.returncode == 0
    assert "whole" in later.stdout and told["head"] not in later.stdout
    assert ship(busy.data_dir, "verify", "--head", "12").returncode == 2


def test_an_edit_is_found(copied: Path) -> None:
    """The database refuses it; forced, `verify` names the line and exits with 1, and pruning is refused."""
    with closing(sqlite3.connect(copied / "engine.db", isolation_level=None)) as database:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            database.execute("UPDATE audit SET actor_handle = 'mallory' WHERE seq = 3")
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("UPDATE audit SET actor_handle = 'mallory' WHERE seq = 3")
    edited = ship(copied, "verify")
    assert edited.returncode == 1
    assert "line 3 does not follow" in edited.stderr
    told = ship(copied, "verify", "--json")
    assert (told.returncode, json.loads(told.stdout)["broken"]["line"]) == (1, 3)
    pruned = ship(copied, "prune", "--before", "2020-01-01")
    assert pruned.returncode == 1 and "line 3" in pruned.stderr


def test_pruning_leaves_a_line_about_itself(copied: Path) -> None:
    """All lines from before a moment go, but for the one that tells who had them go."""
    before = trail(copied)
    moment = before[-1]["at"][:19]
    kept = next(number for number, line in enumerate(before) if line["at"][:19] >= moment)
    done = ship(copied, "prune", "--before", moment, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["removed"] == kept >= 1
    *left, last = trail(copied)
    assert left == before[kept:]
    assert (last["kind"], last["actor"]["kind"]) == ("audit.pruned", "operator")
    assert last["detail"]["through"] == before[kept]["seq"] - 1
    assert ship(copied, "verify").returncode == 0


def test_a_kill_leaves_the_trail_whole(start_engine: StartEngine, tmp_path: Path) -> None:
    """Killed while many make keys, the engine leaves a line for each key that it has, and a chain that goes on."""
    engine = start_engine()
    begun = threading.Event()

    def make_keys() -> None:
        api = Api(engine.api_base, engine.key)
        with suppress(httpx.HTTPError, OSError):
            for number in range(10_000):
                api("key/create", {"name": f"key {number}"})
                if number == 5:
                    begun.set()
        api.close()

    threads = [threading.Thread(target=make_keys) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert begun.wait(30)
    engine.kill()
    for thread in threads:
        thread.join()
    assert ship(engine.data_dir, "verify").returncode == 0
    database = sqlite3.connect(engine.data_dir / "engine.db")
    (keys,) = database.execute("SELECT count(*) FROM keys").fetchone()
    database.close()
    assert keys > 5
    assert len(trail(engine.data_dir, "--kind", "key.made")) == keys
    again = start_engine(home=engine.home, data_dir=engine.data_dir)
    assert [line["kind"] for line in trail(again.data_dir)].count("engine.started") == 2
    assert ship(again.data_dir, "verify").returncode == 0
    assert "The audit trail's last line is" in again.log()


def test_it_needs_an_engines_database(tmp_path: Path) -> None:
    """Where there is no engine, the command says so, and makes none."""
    command = [sys.executable, "-m", "steamship_engine", "admin", "audit", "--data-dir", str(tmp_path)]
    for words in ([], ["verify"]):
        done = subprocess.run([*command, *words], check=False, capture_output=True, text=True)
        assert done.returncode == 1
        assert "There is no engine in" in done.stderr
    assert not list(tmp_path.iterdir())
