"""Work in the background: chains that wait, delays, failures that end a chain."""

from __future__ import annotations

from tests.acceptance.original.scripts.differences import DELIBERATE, unknown, used
from tests.services.package_scripts import Call, Failure, Native

SCRIPT = (
    used(),
    Call("accepted", ["waiting", None, True, True]),
    Call("start", {"runner": "c", "after": ["a", "b"]}, {"runners": ["a", "b", "c"]}, task=True),
    Call("order", ["a", "b", "c"]),
    Call("start_together", {"runner": "last", "after": []}, {"runners": ["x", "y"]}, task=True),
    Call("start_with_ids", "I say nothing", task=True),
    Call("start_late", "I say late", task=True),
    Call(
        "start",
        Failure("[ERROR - POST /run] a fell.", code="Fallen"),
        {"runners": ["a"], "falls": "a"},
        task=True,
        native=Native(DELIBERATE, Failure("a fell.")),
    ),
    Call("start_nothing", **unknown("nowhere"), task=True),
)
