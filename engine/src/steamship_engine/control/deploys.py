"""Deploys: from an uploaded bundle to a version. The row is the last thing made, so a failure leaves nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.exc import IntegrityError

from steamship_engine.control import audit, bundles, limits, networks
from steamship_engine.control import packages as package_rules
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.packages import ALREADY_EXISTS
from steamship_engine.control.versions import Shown, shown
from steamship_engine.model import handles
from steamship_engine.model.audit import AuditKind, Subject
from steamship_engine.model.config import Template, check_template, parse_template
from steamship_engine.model.errors import (
    AlreadyExistsError,
    DeployError,
    ForbiddenError,
    InvalidRequestError,
    SteamshipError,
    UnavailableError,
)
from steamship_engine.model.nouns import Package
from steamship_engine.model.package_spec import check_depth, check_spec
from steamship_engine.model.states import VersionKind
from steamship_engine.runtime.port import BundleFacts, Deployer, Description, VersionSpec
from steamship_engine.store import versions
from steamship_engine.store.blobs import Placed
from steamship_engine.store.database import outage

_HANDLER = re.compile(r"(?=.{3,200}\Z)[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)


@dataclass(frozen=True)
class Bundle:
    """An uploaded zip on disk; `sha256` is lower-case hex."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True)
class Deploy:
    """A version to be made.

    `config_template` is the client's JSON text and `hosting_handler` the dotted path of an entry point;
    both count for originals alone.

    `version_id` is the same when a killed engine's work is repeated: the version is then made once.
    """

    version_id: str
    package_id: str
    handle: str | None
    config_template: str | None
    bundle: Bundle = field(repr=False)
    hosting_handler: str | None = None


def create(ground: Ground, actor: Actor, deploy: Deploy) -> Shown:
    """Check, build, import, describe; then insert the version. Takes minutes where much is to be built.

    AlreadyExistsError for a used handle, also where another deploy was faster; InvalidBundleError,
    InvalidRequirementsError and DeployError for what is wrong with the code.
    """
    actor.require_user("deploy versions")
    done = _done_before(ground, deploy)
    if done is not None:
        return done
    package = _package(ground, actor, deploy)
    with _refusals_told(ground, actor, deploy, package):
        handle = _checked_handle(ground, deploy, package)
        with bundles.unpacked(ground, deploy.bundle.sha256):
            made = _made(ground, actor, deploy, handle)
    ground.changes.report("version", made.version.id)
    ground.changes.report("package", made.version.package_id)
    return made


@contextmanager
def _refusals_told(ground: Ground, actor: Actor, deploy: Deploy, package: Package) -> Iterator[None]:
    """Have the audit trail told of a deploy that failed in the block, whyever.

    Not of one that may not be, which its door tells, nor of one that the engine's end cut short, which is tried again.
    """
    try:
        yield
    except (ForbiddenError, CancelledError):
        raise
    except Exception as error:
        if isinstance(error, UnavailableError) and error.stopping:
            raise
        known = error if isinstance(error, SteamshipError) else outage(error)
        audit.refused(
            ground.refusals,
            AuditKind.VERSION_DEPLOYED,
            actor,
            actor.source,
            Subject("package", package.id, package.handle),
            code=SteamshipError.code if known is None else known.code,
            bundle=deploy.bundle.sha256,
        )
        raise


def _made(ground: Ground, actor: Actor, deploy: Deploy, handle: str) -> Shown:
    bundle = deploy.bundle
    facts = ground.machine.inspect(bundle.path, bundle.sha256)
    original = facts.kind is VersionKind.ORIGINAL
    client_template = parse_template(deploy.config_template) if original else {}
    handler = _checked_handler(deploy.hosting_handler) if original else None
    allowed, capped = limits.of_manifest(ground, facts.kind, facts.manifest)
    network, nearer = networks.of_manifest(ground, facts.manifest)
    deployer = Deployer(actor.user_id)
    with ExitStack() as stack:
        stack.enter_context(_discarded(ground, deployer))
        placed = stack.enter_context(ground.blobs.placed(bundle.path, bundle.sha256, bundle.size))
        described = ground.machine.prepare(
            VersionSpec(
                version_id=deploy.version_id,
                bundle=bundle.sha256,
                environment="",
                kind=facts.kind,
                limits=allowed,
                handler=handler,
                network=network,
                author=actor.user_handle,
                deployer=deployer,
            )
        )
        described = replace(described, notes=(*capped, *nearer, *described.notes))
        check_spec(described.spec)
        check_depth(described.schemas)
        template = _template(facts, described, client_template)
        wheel = described.sdk
        sdk = None
        if wheel is not None:
            size = wheel.path.stat().st_size
            sdk = stack.enter_context(ground.blobs.placed(wheel.path, wheel.digest, size))
        return _insert(ground, actor, deploy, handle, handler, facts, described, template, placed, sdk)


@contextmanager
def _discarded(ground: Ground, deployer: Deployer) -> Iterator[None]:
    """Where the block makes no version, what was built for it goes."""
    try:
        yield
    except BaseException:
        with suppress(UnavailableError):  # the engine is stopping
            ground.machine.discard(deployer.attempt)
        raise


def _done_before(ground: Ground, deploy: Deploy) -> Shown | None:
    with ground.database.read() as connection:
        version = versions.by_id(connection, deploy.version_id)
        return None if version is None else shown(connection, version)


def _package(ground: Ground, actor: Actor, deploy: Deploy) -> Package:
    with ground.database.read() as connection:
        return package_rules.own(connection, actor, deploy.package_id)


def _checked_handle(ground: Ground, deploy: Deploy, package: Package) -> str:
    if deploy.handle is None:
        return handles.generated("version")
    handle = handles.VERSION.check(deploy.handle)
    with ground.database.read() as connection:
        if versions.by_handle(connection, package.id, handle) is not None:
            raise _taken()
    return handle


def _template(facts: BundleFacts, described: Description, client_template: Template) -> Template:
    if facts.kind is VersionKind.ORIGINAL:
        return client_template
    try:
        return check_template(described.config_template)
    except InvalidRequestError as error:
        raise DeployError(
            error.message,
            suggestion="Give each parameter of the Config class a type of string, number or boolean.",
        ) from None


def _insert(
    ground: Ground,
    actor: Actor,
    deploy: Deploy,
    handle: str,
    handler: str | None,
    facts: BundleFacts,
    described: Description,
    template: Template,
    placed: Placed,
    sdk: Placed | None,
) -> Shown:
    try:
        with ground.database.begin() as connection:
            package = package_rules.own(connection, actor, deploy.package_id)
            versions.insert(
                connection,
                version_id=deploy.version_id,
                package_id=deploy.package_id,
                handle=handle,
                kind=facts.kind,
                kind_reason=facts.kind_reason,
                bundle=ground.blobs.keep(connection, placed),
                environment=described.environment,
                sdk=None if sdk is None else ground.blobs.keep(connection, sdk),
                hosting_handler=handler,
                config_template=template,
                spec=described.spec,
                schemas=described.schemas,
                needs_init=described.needs_init,
                description=_description(facts),
                readme=facts.readme,
                manifest=facts.manifest,
                notes=list(described.notes),
            )
            version = versions.by_id(connection, deploy.version_id)
            assert version is not None, "a version vanished in its own transaction"
            audit.record(
                connection,
                AuditKind.VERSION_DEPLOYED,
                actor,
                Subject("version", version.id, handle),
                package=package.handle,
                bundle=version.bundle,
                environment=version.environment,
            )
            return shown(connection, version)
    except IntegrityError:
        with ground.database.read() as connection:
            # Where the package has gone meanwhile, this says so.
            package_rules.own(connection, actor, deploy.package_id)
        raise _taken() from None


def _checked_handler(handler: str | None) -> str | None:
    if handler and not _HANDLER.fullmatch(handler):
        raise InvalidRequestError(
            f'The hostingHandler "{handler[:100]}" is no dotted path of a function.',
            suggestion="Leave it out to use the SDK's own.",
        )
    return handler or None


def _description(facts: BundleFacts) -> str | None:
    description = (facts.manifest or {}).get("description")
    return description if isinstance(description, str) else None


def _taken() -> AlreadyExistsError:
    return AlreadyExistsError(ALREADY_EXISTS, suggestion="Deploy under another version handle.")
