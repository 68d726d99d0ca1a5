"""State in key-values lasts from call to call."""

from __future__ import annotations

from tests.acceptance.original.scripts.differences import used
from tests.services.package_scripts import Call

SCRIPT = (
    used(),
    Call("reset", True),
    Call("get", {"missing": "a"}, {"name": "a"}, verb="GET"),
    Call("set", True, {"name": "a", "note": {"deep": [1, 2.5, "☃"]}}),
    Call("get", {"note": {"deep": [1, 2.5, "☃"]}}, {"name": "a"}, verb="GET"),
    Call("set", True, {"name": "a", "note": "second"}),
    Call("set", True, {"name": "b and c", "note": None}),
    Call("all", [["a", {"note": "second"}], ["b and c", {"note": None}]]),
    Call("all", [["a", {"note": "second"}]], {"names": ["a", "nothing"]}),
    Call("forget", True, {"name": "a"}),
    Call("forget", False, {"name": "a"}),
    Call("all", [["b and c", {"note": None}]]),
    Call("count", 1),
    Call("count", 2),
)
