"""Mixins: named in USED_MIXIN_CLASSES, added in the constructor alone, and one that takes a route over."""

from __future__ import annotations

from tests.services.package_scripts import Call, Difference, Native, Request, Use

ONE_OBJECT = Difference(
    "an attribute that a method sets", "gone at the next call", "there as long as the worker is"
)

SCRIPT = (
    Use(),
    Call("put", {"count": 3}, {"what": "cake", "count": 3}),
    Call("bake", "bread: 2", {"what": "bread"}),
    Call("baked_last", "None", native=Native(ONE_OBJECT, "bread")),
    Call("shelf", ["bread", "cake", "loaf"]),
    Request("shelf", ["bread", "cake", "loaf"]),
    Call("ring", "ding ding ", {"times": 2}),
    Call("closing", "by the bell"),
    Call(
        "routes",
        [
            "/__dir__",
            "/__instance_init__",
            "/bake",
            "/baked_last",
            "/closing",
            "/put",
            "/ring",
            "/routes",
            "/shelf",
        ],
    ),
)
