"""An instance that prepares itself by calling another package's instance, by client and over HTTP."""

from __future__ import annotations

from tests.services.package_scripts import Call, Use

NOTES = [
    ["client", {"note": "asked by the client"}],
    ["http", {"note": "asked by address"}],
]

SCRIPT = (
    Use({"guide": "notebook"}),
    Call("told", {"notes": NOTES, "handle": "guide"}),
    Call("ask", {"notes": 3}, {"name": "later"}),
    Call("told", {"notes": NOTES, "handle": "guide"}),
    Use({"fails": True}, "failed"),
    Call("told", {}),
)
