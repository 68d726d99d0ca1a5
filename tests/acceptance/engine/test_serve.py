"""`ship serve` as its operator meets it."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import httpx

from tests.acceptance.conftest import StartEngine
from tests.services.engine import EngineProcess


def _serve(home: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A `ship serve` that is expected to refuse to start."""
    return subprocess.run(
        [sys.executable, "-m", "steamship_engine", "serve", "--port", "0", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", **environ},
    )


def _account(engine: EngineProcess, key: str) -> httpx.Response:
    return httpx.get(f"{engine.api_base}account/current", headers={"Authorization": f"Bearer {key}"})


def test_first_start_makes_a_user_and_stores_their_key(start_engine: StartEngine) -> None:
    """A first start makes the user `admin`, prints the key once and stores it with the three bases, mode 0600."""
    engine = start_engine()
    profile = engine.home / ".steamship.json"
    assert stat.S_IMODE(profile.stat().st_mode) == 0o600
    assert json.loads(profile.read_text()) == {
        "apiKey": engine.key,
        "apiBase": engine.api_base,
        "appBase": engine.app_base,
        "webBase": engine.web_base,
    }
    assert _account(engine, engine.key).json()["data"]["user"]["handle"] == "admin"
    assert engine.log().count(engine.key) == 1


def test_a_second_start_keeps_user_and_key(start_engine: StartEngine) -> None:
    """A second start on the same data prints no key, and the first one still opens."""
    first = start_engine()
    assert first.stop() == 0
    second = start_engine(home=first.home)
    assert second.key == ""
    assert _account(second, first.key).status_code == 200


def test_a_profile_with_a_key_is_left_alone(start_engine: StartEngine, tmp_path: Path) -> None:
    """A `~/.steamship.json` that holds a key already is not changed by a first start."""
    home = tmp_path / "home"
    home.mkdir()
    profile = home / ".steamship.json"
    profile.write_text('{"apiKey": "somebody else gave me this"}')
    engine = start_engine(home=home)
    assert profile.read_text() == '{"apiKey": "somebody else gave me this"}'
    assert "ship login" in engine.log()


def test_the_operator_may_set_handle_and_key(start_engine: StartEngine) -> None:
    """STEAMSHIP_ENGINE_ADMIN_HANDLE and _ADMIN_KEY name the first user and their key."""
    key = "an-operators-own-key-of-32-characters-or-more"
    engine = start_engine(
        environ={"STEAMSHIP_ENGINE_ADMIN_HANDLE": "operator", "STEAMSHIP_ENGINE_ADMIN_KEY": key}
    )
    assert _account(engine, key).json()["data"]["user"]["handle"] == "operator"


def test_health_is_told_on_any_host(engine: EngineProcess) -> None:
    """`/livez` and `/readyz` answer 200 whatever the Host header says, and `/readyz` names the sandbox."""
    for path, said in (("livez", "ok\n"), ("readyz", "ok\nsandbox: full\n")):
        answer = httpx.get(engine.app_base + path, headers={"Host": "probe.example"})
        assert (answer.status_code, answer.text) == (200, said)


def test_an_unknown_host_is_misdirected(engine: EngineProcess) -> None:
    """A host name that no base has gets 421, with or without a key."""
    answer = httpx.get(
        f"{engine.api_base}account/current",
        headers={"Host": "other.example", "Authorization": f"Bearer {engine.key}"},
    )
    assert answer.status_code == 421
    assert answer.json()["status"]["statusCode"] == "Misdirected"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_sigterm_ends_with_zero(start_engine: StartEngine) -> None:
    """An engine told to stop by SIGTERM ends with exit code 0."""
    assert start_engine().stop() == 0


def test_two_engines_never_share_a_data_directory(start_engine: StartEngine) -> None:
    """A second engine on the same data directory is refused and told who has it."""
    engine = start_engine()
    second = _serve(engine.home, "--data-dir", str(engine.data_dir))
    assert second.returncode == 1
    assert f"process {engine.pid}" in second.stderr


def test_a_killed_engine_leaves_no_lock(start_engine: StartEngine) -> None:
    """After SIGKILL the next engine starts on the same data, and the key still opens."""
    engine = start_engine()
    engine.kill()
    again = start_engine(home=engine.home)
    assert _account(again, engine.key).status_code == 200


def test_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    """An unknown STEAMSHIP_ENGINE_ variable stops the start and names the one that was meant."""
    done = _serve(tmp_path, STEAMSHIP_ENGINE_PROT="1")
    assert done.returncode == 1
    assert "Did you mean STEAMSHIP_ENGINE_PORT?" in done.stderr


def test_other_machines_are_kept_out(tmp_path: Path) -> None:
    """A host that other machines reach is refused where the sandbox does not isolate users."""
    done = _serve(tmp_path, "--host", "0.0.0.0", "--sandbox", "landlock")
    assert done.returncode == 1
    assert '"landlock", does not isolate' in done.stderr
    assert "--insecure-no-sandbox" in done.stderr


def test_no_sandbox_must_be_allowed(tmp_path: Path) -> None:
    """`none` is never taken without --insecure-no-sandbox, and a mode that does not exist is named."""
    done = _serve(tmp_path, "--sandbox", "none")
    assert done.returncode == 1
    assert "add --insecure-no-sandbox" in done.stderr
    done = _serve(tmp_path, "--sandbox", "most")
    assert done.returncode == 1
    assert '"most"' in done.stderr
    assert "auto, full, no-cgroup, landlock, none" in done.stderr


def test_a_second_user_needs_the_switch(start_engine: StartEngine) -> None:
    """Where the sandbox does not isolate users, a second one wants --insecure-no-sandbox, and so does a later start."""
    engine = start_engine(sandbox="landlock")
    create = [sys.executable, "-m", "steamship_engine", "admin", "user", "create", "bob"]
    refused = subprocess.run(
        [*create, "--data-dir", str(engine.data_dir)], check=False, capture_output=True, text=True
    )
    assert refused.returncode == 1
    assert "--insecure-no-sandbox" in refused.stderr
    made = subprocess.run(
        [*create, "--data-dir", str(engine.data_dir), "--insecure-no-sandbox", "--json"],
        check=True,
        capture_output=True,
        text=True,
    )
    key = json.loads(made.stdout)["apiKey"]
    assert _account(engine, key).json()["data"]["user"]["handle"] == "bob"
    engine.stop()
    later = _serve(engine.home, "--data-dir", str(engine.data_dir), "--sandbox", "landlock")
    assert later.returncode == 1
    assert "2 users" in later.stderr


def test_a_sandbox_that_isolates_admits_users(start_engine: StartEngine) -> None:
    """With the default sandbox a second user needs no switch."""
    engine = start_engine()
    create = [sys.executable, "-m", "steamship_engine", "admin", "user", "create", "bob", "--json"]
    made = subprocess.run(
        [*create, "--data-dir", str(engine.data_dir)], check=True, capture_output=True, text=True
    )
    assert _account(engine, json.loads(made.stdout)["apiKey"]).status_code == 200


def test_an_engine_on_postgresql(start_engine: StartEngine, postgres_url: str) -> None:
    """The engine makes its tables in an empty PostgreSQL database and serves from it."""
    engine = start_engine(database_url=postgres_url)
    assert _account(engine, engine.key).status_code == 200
    assert not (engine.data_dir / "engine.db").exists()
    listed = httpx.post(
        f"{engine.api_base}logs/list", headers={"Authorization": f"Bearer {engine.key}"}, json={}
    )
    assert listed.json()["data"] == {"from": 0, "count": 0, "entries": []}
    assert not (engine.data_dir / "records.db").exists()


def test_no_key_is_left_in_the_open(start_engine: StartEngine) -> None:
    """Neither the data directory nor the log holds a key that was made, used, mistyped or put in a query."""
    engine = start_engine()
    wrong = "ship_000000000000_canary-canary-canary-canary-canary-canary"
    _account(engine, engine.key)
    _account(engine, wrong)
    httpx.get(f"{engine.api_base}account/current", params={"key": wrong})
    answer = httpx.post(
        f"{engine.api_base}key/create",
        headers={"Authorization": f"Bearer {engine.key}"},
        json={"name": "another"},
    )
    another = answer.json()["data"]["key"]["apiKey"]
    _account(engine, another)
    shown = engine.log()
    assert engine.stop() == 0
    kept = b"".join(path.read_bytes() for path in engine.data_dir.rglob("*") if path.is_file())
    for canary in (engine.key, another, wrong):
        assert canary.encode() not in kept
        assert canary not in shown.replace(engine.key, "", 1)


def test_the_command_line_stays_light() -> None:
    """Naming the engine's commands, as `ship --help` does, loads none of what the engine runs on."""
    heavy = ("uvicorn", "fastapi", "sqlalchemy", "pydantic", "cryptography", "asyncio")
    program = (
        f"import sys, steamship_engine.commands; print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
