"""`limits`: what the workers and calls of a version may take (docs/reference/protocol.md#limits)."""

from __future__ import annotations

from typing import Any

from steamship_engine.api.operations import Call, Input, Operation
from steamship_engine.control import limits
from steamship_engine.control.limits import ShownLimit
from steamship_engine.control.versions import Wanted


class LimitsInput(Input):
    """Of one version: by id, or by handle and package; a package alone means its default. Of none: what is allowed."""

    version_id: str | None = None
    version_handle: str | None = None
    package_id: str | None = None
    package_handle: str | None = None


def _limits(call: Call, wanted: LimitsInput) -> dict[str, Any]:
    named = Wanted(wanted.version_id, wanted.version_handle, wanted.package_id, wanted.package_handle)
    found = limits.listed(call.ground, call.who(), None if named == Wanted() else named)
    return {"limits": [_to_wire(shown) for shown in found]}


def _to_wire(shown: ShownLimit) -> dict[str, Any]:
    return {
        "name": shown.limit.name,
        "value": shown.value,
        "unit": shown.limit.unit.value,
        "asked": shown.asked,
        "cap": shown.cap,
        "enforced": shown.enforced,
    }


OPERATIONS = (
    Operation(
        path="limits",
        input=LimitsInput,
        run=_limits,
        verbs=("GET", "POST"),
        instance_keys=True,
        summary="What the workers and calls of a version may take.",
    ),
)
