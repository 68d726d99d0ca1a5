"""Which sandbox an engine runs packages in: the one that the operator names if it holds, else the strongest that does."""

from __future__ import annotations

from urllib.parse import urlsplit

from steamship_engine.control.addresses import Addresses, is_loopback, is_sealed
from steamship_engine.model.builds import Builds
from steamship_engine.model.sandbox import SHOWN, Sandbox, SandboxMode
from steamship_engine.runtime import proving
from steamship_engine.runtime.egress import own
from steamship_engine.runtime.egress.own import Ports
from steamship_engine.runtime.layers import Layers
from steamship_engine.runtime.port import Bases
from steamship_engine.settings import Settings, SettingsError


def ports_of(addresses: Addresses) -> Ports:
    """The ports that workers find the engine at in their own networks."""
    return own.ports_of(Bases(addresses.api, addresses.app, addresses.web))


async def chosen(settings: Settings, ports: Ports) -> Sandbox:
    """The sandbox to run in. SettingsError for one that does not hold here, and for one that must be allowed and is not."""
    if settings.sandbox is None:
        sandbox = await proving.strongest(settings.data_dir, ports, settings.pythons)
    else:
        problems = await proving.problems_of(
            Layers.of(settings.sandbox, ports), settings.data_dir, settings.pythons
        )
        if problems:
            raise SettingsError(
                f'--sandbox is "{settings.sandbox}", which does not hold here: {"; ".join(problems)}. '
                "`ship doctor` shows which modes do."
            )
        sandbox = Sandbox(settings.sandbox)
    if settings.builds is Builds.SDISTS and not sandbox.mode.isolates:
        raise SettingsError(
            f'--builds is "{settings.builds}", which runs strangers\' code when a package is deployed, and the sandbox, '
            f'"{sandbox.mode}", does not isolate it. Leave --builds at "{Builds.WHEELS}", or see in `ship doctor` what keeps '
            f'"{SandboxMode.FULL}" and "{SandboxMode.NO_CGROUP}" from holding here.'
        )
    if sandbox.mode.isolates:
        _check_bases(settings)
    if not settings.insecure_no_sandbox:
        _check(settings, sandbox)
    return sandbox


def in_words(sandbox: Sandbox) -> list[str]:
    """The sandbox for the operator, a line for each thing that is to be said."""
    lines = [f"Sandbox: {sandbox.mode} ({SHOWN[sandbox.mode]})."]
    lines += [f'  "{mode}" does not hold here: {why}.' for mode, why in sandbox.refused]
    return lines


def _check_bases(settings: Settings) -> None:
    """Refuse a base that workers could not reach: in their own networks nobody ends TLS on a loopback name."""
    for flag, base in (
        ("--api-base", settings.api_base),
        ("--app-base", settings.app_base),
        ("--web-base", settings.web_base),
    ):
        if base is not None and is_sealed(base) and is_loopback(urlsplit(base).hostname or ""):
            raise SettingsError(
                f'{flag} is "{base}": packages have networks of their own, in which that name leads nowhere. '
                "Use a name that is not this machine's loopback, or http."
            )


def _check(settings: Settings, sandbox: Sandbox) -> None:
    """Refuse what the sandbox is too weak for."""
    if sandbox.mode is SandboxMode.NONE:
        reasons = "".join(f' "{mode}": {why}.' for mode, why in sandbox.refused)
        raise SettingsError(
            "Without a sandbox every package may do what this user may."
            + (f" None holds on this machine:{reasons}" if reasons else "")
            + " If you trust all packages, add --insecure-no-sandbox."
        )
    if not sandbox.mode.isolates and not is_loopback(settings.host):
        raise SettingsError(
            f'--host is "{settings.host}": other machines could reach this engine, and its sandbox, "{sandbox.mode}", '
            "does not isolate one user's packages from another's. If all its users trust each other, add "
            "--insecure-no-sandbox."
        )
