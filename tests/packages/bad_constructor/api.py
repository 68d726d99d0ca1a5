"""Fails when it is constructed for the first time."""

import os

from steamship.invocable import PackageService, post


class BadConstructor(PackageService):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        mark = os.path.join(os.environ["TMPDIR"], "tried")
        if not os.path.exists(mark):
            open(mark, "w").close()
            raise RuntimeError("not yet")

    @post("greet")
    def greet(self) -> str:
        return "Hello!"
