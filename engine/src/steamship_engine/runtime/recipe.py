"""What makes one environment: commands for `uv` and for the interpreter, wherever they run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from steamship_engine.runtime.interpreter import Interpreter

_COMMON = ("--no-config", "--no-python-downloads", "--color", "never", "--quiet")


@dataclass(frozen=True)
class Step:
    """A command, and the texts of the files that it reads, by their paths; they are removed after it."""

    command: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """An environment of the lines and, if there is one, the SDK's wheel.

    `serving` is what the wheel needs beside a package's code; None: all that it requires.
    """

    interpreter: Interpreter
    lines: tuple[str, ...]
    wheel: Path | None = None
    serving: tuple[str, ...] | None = None

    def empty(self, uv: str, target: Path) -> Step:
        """Make an environment that has nothing in the folder `target`; it may be moved."""
        words = ("venv", "--no-project", "--relocatable", "--allow-existing")
        return Step((uv, *words, *_COMMON, "--python", str(self.interpreter.path), str(target)))

    def installs(self, uv: str, target: Path, *, builds: bool) -> list[Step]:
        """Fill the environment at `target`; with `builds` also from source distributions, which runs their code."""
        sdk = None if self.wheel is None else f"steamship @ {self.wheel.as_uri()}"
        if sdk is None or self.serving is None:
            wanted = [*self.lines, *([sdk] if sdk else [])]
            return [_install(uv, target, wanted, builds=builds)] if wanted else []
        steps = [_install(uv, target, [sdk], "--no-deps", builds=False)]
        if self.lines or self.serving:
            # Last: uv asks the environment's interpreter what it is, which runs the .pth files that are there.
            # A library that requires the SDK itself gets this one, with all that it requires.
            steps.append(_install(uv, target, [*self.lines, *self.serving], builds=builds, constraint=sdk))
        return steps

    def compiles(self, target: Path) -> Step:
        """Write the byte code that workers, who may not write there, would make at each start.

        Libraries' own tests are left out: nobody imports them, and they are a fifth of the whole.
        """
        # By the bare interpreter: one of the environment would run its .pth files, which are tenants' code.
        python = (str(self.interpreter.path), "-I", "-S", "-m", "compileall")
        library = str(target / "lib")
        return Step((*python, "-q", "-j", "2", "-x", f"{re.escape(library)}/.*/tests?/", library))


def _install(
    uv: str, target: Path, wanted: Sequence[str], *options: str, builds: bool, constraint: str | None = None
) -> Step:
    asked, held = target / "requirements.txt", target / "constraints.txt"
    # What is built lies in memory, where nobody else has the cache's files.
    how = ("--link-mode", "hardlink") if builds else ("--link-mode", "copy", "--only-binary", ":all:")
    command = (
        uv, "pip", "install", "--no-progress", *how, *options, *_COMMON,
        "--python", str(target / "bin" / "python"), "-r", str(asked), "-c", str(held),
    )  # fmt: skip
    texts = "".join(f"{line}\n" for line in wanted), f"{constraint or ''}\n"
    return Step(command, {str(asked): texts[0], str(held): texts[1]})
