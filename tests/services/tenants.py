"""Two users of one engine: one has secrets, the other's package looks for them."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.packages import bundle
from tests.services.deploying import Api
from tests.services.engine import EngineProcess
from tests.services.listeners import Listeners
from tests.services.wheels import REQUIREMENT

_TIMEOUT = 120
_TRACE = "find what a sibling left in "

Outcome = dict[str, str]
"""`verdict`: open, closed or broken; `error`: why not; `seen`: the evidence."""


def canary(name: str) -> str:
    """A word that is nowhere else, in the form that the attacks look for; `own` is the attacker's own."""
    return f"canary_{name}_{secrets.token_hex(12)}"


@dataclass(frozen=True)
class Answer:
    """A call's HTTP status, and its body as JSON or text."""

    status: int
    body: Any

    @property
    def code(self) -> str | None:
        """The error's code, where it failed."""
        status = self.body.get("status") if isinstance(self.body, dict) else None
        return status.get("statusCode") if isinstance(status, dict) else None


class Tenant:
    """One user, and an instance of theirs."""

    def __init__(self, api_base: str, key: str) -> None:
        self.api = Api(api_base, key)
        self._http = httpx.Client(
            headers={"authorization": f"Bearer {key}"}, timeout=_TIMEOUT, trust_env=False
        )
        self.instance: dict[str, Any] = {}

    def use(self, package: str, handle: str, config: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make an instance, which is called from now on."""
        wish = {"packageHandle": package, "handle": handle, "config": config}
        found = self.api("package/instance/create", wish)["packageInstance"]
        ends = time.monotonic() + _TIMEOUT
        while found["initStatus"] == "initializing" and time.monotonic() < ends:
            time.sleep(0.02)
            found = self.api("package/instance/get", {"id": found["id"]})["packageInstance"]
        assert found["initStatus"] != "initializing"
        self.instance = found
        return self.instance

    def try_call(self, method: str, /, **arguments: Any) -> Answer:
        """Call a method, whatever comes of it."""
        answer = self._http.post(f"{self.instance['invocationURL']}{method}", json=arguments)
        is_json = answer.headers["content-type"].startswith("application/json")
        return Answer(answer.status_code, answer.json() if is_json else answer.text)

    def call(self, method: str, /, **arguments: Any) -> Any:
        """Call a method that succeeds; what it answers."""
        answer = self.try_call(method, **arguments)
        assert answer.status == 200, answer.body
        return answer.body

    def worker_pid(self) -> int:
        """The process id of the instance's worker, as this machine's processes see it."""
        told = self.api("package/instance/workers", {"id": self.instance["id"]})["workers"]
        return next(worker["pid"] for worker in told if worker["state"] != "stopped")

    def close(self) -> None:
        """Close its connections."""
        self.api.close()
        self._http.close()


class Tenants:
    """`victim` is the engine's first user, `attacker` another one; both have an instance of the package `attacks`."""

    def __init__(self, engine: EngineProcess, listeners: Listeners) -> None:
        self.engine, self.listeners = engine, listeners
        self.victim = Tenant(engine.api_base, engine.key)
        self.attacker_key = engine.add_user("attacker").key
        self.attacker = Tenant(engine.api_base, self.attacker_key)
        api = self.victim.api
        api.deploy("attacks", bundle("hostile/attacks", {"requirements.txt": ""}), version="1.0.0")
        api.deploy(
            "other",
            bundle("greeter", {"requirements.txt": f"{REQUIREMENT}\n"}),
            version="1.0.0",
            public=False,
        )
        self.victim_word = canary("config")
        self.victim.use("attacks", "victim", {"word": self.victim_word})
        self.attacker.use("attacks", "attacker", {"word": canary("own")})
        self.note = self.victim.call("note", text=canary("scratch"))
        self.own = self.attacker.call("own")
        self.shared = self.shared_now()
        self.given = {**listeners.given, "pids": self._pids(), "files": self._files()}

    def attacks(self) -> dict[str, Outcome]:
        """The outcome of every attack of the attacker's, by name; the victim leaves its traces before."""
        outcomes: dict[str, Outcome] = {}
        for name in self.attacker.call("names"):
            trace = name.removeprefix(_TRACE)
            if trace != name:
                self.victim.call("leave", name=trace, text="a trace")
            outcomes[name] = self.attacker.call("attack", name=name, given=self.given)
            if trace != name:
                self.victim.call("remove", name=trace)
        return outcomes

    def shared_now(self) -> dict[str, str]:
        """The digests of the files that all workers of the attacker's version share, by their paths."""
        folders = [self.engine.data_dir / "bundles" / Path(self.own["code"]).name, Path(self.own["prefix"])]
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in folders
            for path in folder.rglob("*")
            if path.is_file()
        }

    def close(self) -> None:
        """Close both users' connections."""
        self.victim.close()
        self.attacker.close()

    def _pids(self) -> dict[str, int]:
        worker = self.attacker.worker_pid()
        zygote = parent(worker)
        return {
            "engine": self.engine.pid,
            "launcher": launcher(self.engine.pid),
            "zygote": zygote,
            "sibling": self.victim.worker_pid(),
        }

    def _files(self) -> dict[str, str]:
        data = self.engine.data_dir
        code, environment = Path(self.own["code"]).name, Path(self.own["prefix"]).name
        return {
            "database": str(data / "engine.db"),
            "secret key": str(data / "secret.key"),
            "profile": str(self.engine.home / ".steamship.json"),
            "other scratch": self.note,
            "other bundle": str(_other(data / "bundles", code, "api.py")),
            "other environment": str(_other(data / "environments", environment, "stowaway.py")),
        }


def parent(pid: int) -> int:
    """The process id of a process's parent."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def launcher(engine: int) -> int:
    """The process id of the engine's launcher, its only child that lives on."""
    children = Path(f"/proc/{engine}/task/{engine}/children").read_text().split()
    return next(int(pid) for pid in children if b"launcher" in Path(f"/proc/{pid}/cmdline").read_bytes())


def _other(folder: Path, own: str, name: str) -> Path:
    """A file of that name in a folder beside the own one."""
    return next(path for path in folder.rglob(name) if own not in path.parts)
