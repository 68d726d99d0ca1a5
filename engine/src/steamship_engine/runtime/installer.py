"""Making one environment with `uv`: wheels only, copied, under a clean environment."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from uv import find_uv_bin

from steamship_engine.model.errors import InvalidRequirementsError, UnavailableError
from steamship_engine.runtime.interpreter import Interpreter

_PASSED = ("SSL_CERT_FILE", "SSL_CERT_DIR", "PATH")
_PASSED_ANY_CASE = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
# These would undo what the command line promises: wheels only, this interpreter, this place.
_NEVER = (
    "UV_BREAK_SYSTEM_PACKAGES", "UV_COMPILE_BYTECODE", "UV_CONFIG_FILE", "UV_CONSTRAINT", "UV_LINK_MODE",
    "UV_NO_BINARY", "UV_NO_BINARY_PACKAGE", "UV_OVERRIDE", "UV_PREFIX", "UV_PYTHON", "UV_REQUIRE_HASHES",
    "UV_SYSTEM_PYTHON", "UV_TARGET", "UV_VENV_SEED", "UV_WORKING_DIRECTORY",
)  # fmt: skip
_UNREACHABLE = re.compile(
    r"Failed to fetch|error sending request|dns error|Connection refused|timed out", re.IGNORECASE
)
_COMMON = ("--no-config", "--no-python-downloads", "--link-mode", "copy", "--color", "never", "--quiet")
_OUTPUT = 4_000


class Installer:
    """Runs `uv`. `environ` is the engine's environment, of which an allow-list is passed on."""

    def __init__(self, environ: Mapping[str, str], cache: Path, timeout: float) -> None:
        self._environ = clean_environment(environ, cache)
        self._timeout = timeout

    async def make(
        self,
        target: Path,
        interpreter: Interpreter,
        lines: Sequence[str],
        wheel: Path | None,
        serving: Sequence[str] | None = None,
    ) -> None:
        """Make an environment in the empty folder `target`; install the lines and, if any, the SDK's wheel.

        `serving` is what the wheel needs beside a package's code; None: all that it requires.

        Raises InvalidRequirementsError with uv's reason, UnavailableError when no index can be reached.
        """
        made = await self._uv(
            "venv", "--no-project", "--relocatable", "--allow-existing",
            "--python", str(interpreter.path), str(target),
        )  # fmt: skip
        if made is not None:
            raise UnavailableError(
                f'No environment can be made with "{interpreter.path}": {made}',
                suggestion="Give the engine another interpreter.",
            )
        sdk = None if wheel is None else f"steamship @ {wheel.as_uri()}"
        if sdk is None or serving is None:
            await self._install(target, [*lines, *([sdk] if sdk else [])])
        else:
            # A library that requires the SDK itself gets this one, with all that it requires.
            await self._install(target, [*lines, *serving], constraint=sdk)
            await self._install(target, [sdk], "--no-deps")
        await self._compile(target, interpreter)

    async def _install(
        self, target: Path, wanted: Sequence[str], *options: str, constraint: str | None = None
    ) -> None:
        if not wanted:
            return
        asked, held = target / "requirements.txt", target / "constraints.txt"
        asked.write_text("".join(f"{line}\n" for line in wanted))
        held.write_text(f"{constraint or ''}\n")
        failed = await self._uv(
            "pip", "install", "--no-progress", "--only-binary", ":all:", *options,
            "--python", str(target / "bin" / "python"), "-r", str(asked), "-c", str(held),
        )  # fmt: skip
        asked.unlink()
        held.unlink()
        if failed is not None:
            raise _failure(failed)

    async def _compile(self, target: Path, interpreter: Interpreter) -> None:
        """Write the byte code that workers, who may not write here, would make at each start.

        Libraries' own tests are left out: nobody imports them, and they are a fifth of the whole.
        """
        # By the bare interpreter: one of the environment would run its .pth files, which are tenants' code.
        python = [str(interpreter.path), "-I", "-S", "-m", "compileall"]
        library = str(target / "lib")
        await self._run([*python, "-q", "-j", "2", "-x", f"{re.escape(library)}/.*/tests?/", library])

    async def _uv(self, *command: str) -> str | None:
        return await self._run([find_uv_bin(), *command, *_COMMON])

    async def _run(self, command: list[str]) -> str | None:
        """What the command said if it failed, without credentials and shortened; None if it succeeded."""
        process = await asyncio.create_subprocess_exec(
            *command,
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
            return f"it took longer than {self._timeout:g} seconds"
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return None if process.returncode == 0 else readable(output.decode(errors="replace"))


def clean_environment(environ: Mapping[str, str], cache: Path) -> dict[str, str]:
    """What `uv` gets of the engine's environment: its own settings, certificates and proxies."""
    passed = {
        name: value
        for name, value in environ.items()
        if (name.startswith("UV_") and name not in _NEVER)
        or name in _PASSED
        or name.upper() in _PASSED_ANY_CASE
    }
    index = environ.get("PIP_INDEX_URL")
    if index and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & passed.keys():
        passed["UV_DEFAULT_INDEX"] = index
    return {"UV_CACHE_DIR": str(cache), "HOME": str(cache), "LANG": "C.UTF-8", **passed}


def readable(output: str) -> str:
    """The words of uv without credentials and tokens, at most some thousand characters, the last ones."""
    text = re.sub(r"(://)[^/@\s]*@", r"\1***@", output)
    text = re.sub(r"(://[^\s?`'\"]*)\?[^\s`'\"]*", r"\1?***", text)
    return text.strip()[-_OUTPUT:] or "it said nothing"


def _failure(output: str) -> InvalidRequirementsError | UnavailableError:
    if _UNREACHABLE.search(output):
        return UnavailableError(
            f"The requirements cannot be installed, the package index does not answer: {output}",
            suggestion="Try again later, or tell the operator.",
            retry_after_s=30,
        )
    return InvalidRequirementsError(
        f"The requirements cannot be installed: {output}",
        suggestion="Correct requirements.txt; every distribution needs a wheel for this Python.",
    )
