"""Files: text and bytes written, read raw, listed, deleted."""

from __future__ import annotations

from tests.acceptance.original.scripts.differences import used
from tests.services.package_scripts import Call

SCRIPT = (
    used(),
    Call(
        "write",
        {"handle": "report", "type": "text/markdown", "blocks": []},
        {"text": "# Ünï", "name": "report"},
    ),
    Call("read", "# Ünï", {"name": "report"}, verb="GET"),
    Call("draw", {"handle": "dot", "type": "image/png", "public": True}, {"name": "dot", "public": True}),
    Call("size", 11, {"name": "dot"}, verb="GET"),
    Call("address", True, {"name": "dot"}, verb="GET"),
    Call("guess", "text/plain", {"text": "just words"}),
    Call("names", ["dot", "report"]),
    Call("shred", True, {"name": "report"}),
    Call("shred", True, {"name": "dot"}),
    Call("names", []),
)
