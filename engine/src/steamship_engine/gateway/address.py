"""The three forms of a package's address (docs/reference/http.md), and what each names.

    http(s)://{user}.{app-domain}/{workspace}/{instance}/{method}
    {app-base}/@{user}/{workspace}/{instance}/{method}
    {app-base}/{workspace}/{instance}/{method}       the owner is the key's user, or a header names it

Empty segments are skipped, for clients append `/name` to an address that already ends in a slash.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from steamship_engine.control.addresses import Addresses
from steamship_engine.model.errors import InvalidRequestError, NotFoundError

UNKNOWN = "_"
"""What the original clients send in place of a handle that they do not know."""

_SHOWN = 200


@dataclass(frozen=True)
class Address:
    """Which method of which instance a request is for.

    `owner` is None where neither host, path nor header names it. `workspace` and `instance` are None
    where the client sent `_`; `instance_id` then says which it is. `path` begins with a slash.
    """

    owner: str | None
    workspace: str | None
    instance: str | None
    instance_id: str | None
    path: str

    @property
    def instance_key(self) -> tuple[str | None, str | None, str | None, str | None]:
        """The address without its method."""
        return (self.owner, self.workspace, self.instance, self.instance_id)


def parse(host: str, raw_path: bytes, headers: dict[str, str], addresses: Addresses) -> Address:
    """The address of a request. `host` is lower-case without its port; header names are lower-case."""
    segments = [segment for segment in _decoded(raw_path).split("/") if segment]
    segments = _below_app_base(segments, addresses)
    owner = owner_label(host, addresses)
    if owner is None and segments and segments[0].startswith("@"):
        owner = segments.pop(0)[1:]
    owner = owner or headers.get("x-package-owner-handle") or None
    instance_id = headers.get("x-package-instance-id") or None
    if len(segments) < 2:
        raise NotFoundError(
            f'"/{"/".join(segments)[:_SHOWN]}" names no instance.',
            suggestion="Call {app base}/@{user}/{workspace}/{instance}/{method}; "
            "an instance's invocation_url is its address.",
        )
    workspace, instance, *rest = (unquote(segment) for segment in segments)
    return Address(
        owner=owner,
        workspace=None if workspace == UNKNOWN else workspace,
        instance=None if instance == UNKNOWN else instance,
        instance_id=instance_id,
        path="/" + "/".join(rest),
    )


def owner_label(host: str, addresses: Addresses) -> str | None:
    """The `{user}` of `{user}.{app-domain}`, or None for any other host, such as that of an API below the domain."""
    suffix = "." + addresses.app_host
    if not addresses.app_is_domain or not host.endswith(suffix) or host in addresses.hosts:
        return None
    label = host[: -len(suffix)]
    return label if label and "." not in label else None


def _decoded(raw_path: bytes) -> str:
    try:
        text = raw_path.decode("ascii")
        unquote(text, errors="strict").encode("utf-8")
    except UnicodeError:
        raise InvalidRequestError(
            "The path is not valid: its percent-escapes are no UTF-8.",
            suggestion="Percent-encode the path as UTF-8.",
        ) from None
    return text


def _below_app_base(segments: list[str], addresses: Addresses) -> list[str]:
    """Without the app base's own path, such as the `/localhost/` that keeps original clients from prefixing."""
    prefix = [segment for segment in urlsplit(addresses.app).path.split("/") if segment]
    if prefix and segments[: len(prefix)] == prefix:
        return segments[len(prefix) :]
    return segments
