"""The peers: how each is installed into an environment of its own, and how it is started.

An environment is made with uv from `peers/NAME.txt`, a lock with hashes, kept in `.venv-bench/NAME`,
and made anew only when its lock has changed. Every peer runs as many worker processes as it is given
cores, its access log off, else as it comes.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import NotRunError, PeerServer

from tools.commands import UV
from tools.stamps import ROOT, run_when_changed

APPS = Path(__file__).with_name("peers")
ENVIRONMENTS = ROOT / ".venv-bench"
_INSTALL_S = 900
_UVICORN = ("uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--workers", "{workers}")
_QUIET = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")


@dataclass(frozen=True)
class Peer:
    """A peer: `words` start it, the first of them a program of its environment; `like` names a peer that has the same."""

    name: str
    title: str
    distribution: str
    words: tuple[str, ...]
    heavy: bool = False  # works while idle, or is many processes: started anew for each repeat
    like: str | None = None

    @property
    def environment(self) -> str:
        """The name of its environment, and of the lock from which that is made."""
        return self.like or self.name


PEERS = (
    Peer("asgi", "bare ASGI on uvicorn", "uvicorn", (*_UVICORN, *_QUIET, "--app-dir", str(APPS), "asgi:app")),
    Peer(
        "fastapi",
        "FastAPI on uvicorn",
        "fastapi",
        (*_UVICORN, *_QUIET, "--app-dir", str(APPS), "fastapi_app:app"),
    ),
    Peer(
        "fastapi-def",
        "FastAPI on uvicorn, plain def",
        "fastapi",
        (*_UVICORN, *_QUIET, "--app-dir", str(APPS), "fastapi_def_app:app"),
        like="fastapi",
    ),
    Peer(
        "functions",
        "functions-framework",
        "functions-framework",
        (
            "functions-framework",
            "--source",
            str(APPS / "functions_app.py"),
            *("--target", "greet", "--host", "127.0.0.1", "--port", "{port}"),
        ),
    ),
    Peer("litserve", "LitServe", "litserve", ("python", str(APPS / "litserve_app.py")), heavy=True),
    Peer(
        "bentoml",
        "BentoML",
        "bentoml",
        (
            "bentoml",
            *("serve", "bentoml_app:Greeting", "-q", "--working-dir", str(APPS)),
            *("--host", "127.0.0.1", "--port", "{port}"),
        ),
        heavy=True,
    ),
    Peer("ray", "Ray Serve", "ray", ("python", str(APPS / "ray_app.py")), heavy=True),
)


def chosen(names: str | None, *, quick: bool = False) -> list[Peer]:
    """The peers that a list like "asgi,fastapi" names, none for an empty one.

    Without a list all, or in a `quick` run those that musts and goals are about. ValueError for a name
    that no peer has.
    """
    if names is None:
        return [peer for peer in PEERS if peer.name in {"asgi", "fastapi", "fastapi-def"} or not quick]
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = {peer.name: peer for peer in PEERS}
    for name in wanted:
        if name not in known:
            raise ValueError(f'no peer is called "{name}"; there are {", ".join(known)}')
    return [known[name] for name in wanted]


def installed(peer: Peer) -> PeerServer:
    """The peer's server, its environment made if need be; NotRunError when that fails."""
    folder = ENVIRONMENTS / peer.environment
    lock = APPS / f"{peer.environment}.txt"
    run_when_changed(
        f"bench-{peer.environment}",
        lambda: _make(peer, folder, lock),
        inputs=[lock],
        outputs=[folder / "bin" / "python"],
        facts=[sys.version],
    )
    program, *rest = peer.words
    return PeerServer(peer.name, [folder / "bin" / program, *rest])


def version(peer: Peer) -> str:
    """The version that its lock pins."""
    pins = (line.split(" ")[0] for line in (APPS / f"{peer.environment}.txt").read_text().splitlines())
    return next(
        pin.partition("==")[2]
        for pin in pins
        if pin.partition("==")[0].partition("[")[0] == peer.distribution
    )


def _make(peer: Peer, folder: Path, lock: Path) -> None:
    print(f"bench: {peer.title} into {folder.relative_to(ROOT)}", file=sys.stderr, flush=True)
    _uv("venv", "--quiet", "--clear", "--no-python-downloads", "--python", sys.executable, folder)
    _uv("pip", "install", "--quiet", "--python", folder / "bin" / "python", "--require-hashes", "-r", lock)


def _uv(*words: str | Path) -> None:
    try:
        subprocess.run([UV, *words], check=True, capture_output=True, timeout=_INSTALL_S)
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        raise NotRunError(f"it cannot be installed: {lines[0] if lines else error}") from None
    except subprocess.TimeoutExpired:
        raise NotRunError(f"it was not installed within {_INSTALL_S} s") from None
