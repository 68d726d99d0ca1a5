"""Making one environment with `uv`: wheels only, copied, under a clean environment."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path

from uv import find_uv_bin

from steamship_engine.model.builds import Builds
from steamship_engine.model.errors import InvalidRequirementsError, UnavailableError
from steamship_engine.runtime.recipe import Recipe, Step

_PASSED_ANY_CASE = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
# These would undo what the command line promises: wheels only, this interpreter, this place.
_NEVER = (
    "UV_BREAK_SYSTEM_PACKAGES", "UV_COMPILE_BYTECODE", "UV_CONFIG_FILE", "UV_CONSTRAINT", "UV_LINK_MODE",
    "UV_NO_BINARY", "UV_NO_BINARY_PACKAGE", "UV_OVERRIDE", "UV_PREFIX", "UV_PYTHON", "UV_REQUIRE_HASHES",
    "UV_SYSTEM_PYTHON", "UV_TARGET", "UV_VENV_SEED", "UV_WORKING_DIRECTORY",
)  # fmt: skip
ADDRESSES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
"""The variables that say where distributions are."""

CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_NAME = re.compile(r"[\w.-]+=(?=.)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_UNREACHABLE = re.compile(
    r"Failed to fetch|error sending request|dns error|Connection refused|timed out", re.IGNORECASE
)
_OUTPUT = 4_000


class Installer:
    """Runs `uv`. `environ` is the engine's environment, of which an allow-list is passed on."""

    def __init__(self, environ: Mapping[str, str], cache: Path, timeout: float) -> None:
        self._environ = clean_environment(environ, cache)
        self._timeout = timeout

    async def fill(self, target: Path, recipe: Recipe) -> None:
        """Install the recipe into the environment `target`, which has nothing yet, from wheels alone.

        Raises InvalidRequirementsError with uv's reason, UnavailableError when no index can be reached.
        """
        for step in recipe.installs(find_uv_bin(), target, builds=False):
            said = await self._take(step)
            if said is not None:
                raise failure(said)
        await self._take(recipe.compiles(target))

    async def empty(self, target: Path, recipe: Recipe) -> None:
        """Make an environment that has nothing in the empty folder `target`. Raises UnavailableError."""
        said = await self._take(recipe.empty(find_uv_bin(), target))
        if said is not None:
            raise UnavailableError(
                f'No environment can be made with "{recipe.interpreter.path}": {said}',
                suggestion="Give the engine another interpreter.",
            )

    async def _take(self, step: Step) -> str | None:
        """What the command said if it failed, without credentials and shortened; None if it succeeded."""
        _write(step.files)
        process = await asyncio.create_subprocess_exec(
            *step.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environ,
            cwd="/",
            start_new_session=True,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), self._timeout)
        except TimeoutError:
            raise too_slow(self._timeout) from None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        _remove(step.files)
        return None if process.returncode == 0 else readable(output.decode(errors="replace"))


def _write(files: Mapping[str, str]) -> None:
    for path, text in files.items():
        Path(path).write_text(text)


def _remove(files: Iterable[str]) -> None:
    for path in files:
        Path(path).unlink()


def clean_environment(environ: Mapping[str, str], cache: Path) -> dict[str, str]:
    """What `uv` gets of the engine's environment: its own settings, certificates and proxies.

    Paths to distributions and certificates are absolute: `uv` does not run in the folder that the engine was started in.
    """
    passed = {
        name: value
        for name, value in environ.items()
        if (name.startswith("UV_") and name not in _NEVER)
        or name in (*CERTIFICATES, "PATH")
        or name.upper() in _PASSED_ANY_CASE
    }
    index = environ.get("PIP_INDEX_URL")
    if index and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & passed.keys():
        passed["UV_DEFAULT_INDEX"] = index
    for name in {*ADDRESSES, *CERTIFICATES} & passed.keys():
        passed[name] = words_of(name).sub(_absolute, passed[name])
    return {"UV_CACHE_DIR": str(cache), "HOME": str(cache), "LANG": "C.UTF-8", **passed}


def words_of(name: str) -> re.Pattern[str]:
    """What is one address, or one path, in the value of that variable."""
    if name in CERTIFICATES:
        # OpenSSL reads the second one as a list of folders.
        return re.compile(r".+" if name == "SSL_CERT_FILE" else f"[^{os.pathsep}]+")
    return re.compile(r"[^,]+" if name == "UV_FIND_LINKS" else r"\S+")


def _absolute(word: re.Match[str]) -> str:
    """The address as it is; the path from the root."""
    # An index may have a name: `internal=https://...`.
    name = _NAME.match(word[0])
    place = word[0][name.end() :] if name else word[0]
    return word[0] if _SCHEME.match(place) else f"{name[0] if name else ''}{os.path.abspath(place)}"


def readable(output: str) -> str:
    """The words of uv without credentials and tokens, at most some thousand characters, the last ones."""
    # A password may have an "@" in it, so the last one counts.
    text = re.sub(r"(://)[^/\s`'\"]*@", r"\1***@", output)
    text = re.sub(r"(://[^\s?`'\"]*)\?[^\s`'\"]*", r"\1?***", text)
    return text.strip()[-_OUTPUT:] or "it said nothing"


def failure(said: str, *, built: bool = False) -> InvalidRequirementsError | UnavailableError:
    """The error for what `uv` said; `built` where it might run the code of source distributions."""
    # What follows is a build's own output, which may say anything.
    if _UNREACHABLE.search(said.partition("[std")[0]):
        return UnavailableError(
            f"The requirements cannot be installed, the package index does not answer: {said}",
            suggestion="Try again later, or tell the operator.",
            retry_after_s=30,
        )
    suggestion = "Correct requirements.txt, or name a distribution that has a wheel."
    if not built:
        suggestion = (
            "Correct requirements.txt; every distribution needs a wheel for this Python. Where the operator sets "
            f"STEAMSHIP_ENGINE_BUILDS to {Builds.SDISTS}, the engine builds what has none."
        )
    return InvalidRequirementsError(f"The requirements cannot be installed: {said}", suggestion=suggestion)


def too_slow(seconds: float) -> UnavailableError:
    """The error for an environment that is not made in time."""
    return UnavailableError(
        f'Making the environment took longer than "{seconds:g}" seconds, and was stopped.',
        suggestion="Try again later, or ask for less in requirements.txt.",
        retry_after_s=30,
    )
