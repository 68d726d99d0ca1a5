# Written as for the original.
"""A base package and mixins in modules of their own."""

from steamship import Steamship
from steamship.invocable import PackageService, post
from steamship.invocable.package_mixin import PackageMixin


class CountingMixin(PackageMixin):
    """Counts."""

    def __init__(self, client: Steamship, start: int):
        self.client = client
        self.count = start

    @post("count", public=True)
    def up(self, by: int = 1) -> int:
        """Count up."""
        self.count += by
        return self.count


class QuietMixin(PackageMixin):
    @post("quiet")
    def quiet(self) -> str:
        return "sh"


class Base(PackageService):
    USED_MIXIN_CLASSES = [CountingMixin]

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.add_mixin(CountingMixin(self.client, start=10))

    @post("inherited")
    def inherited(self) -> str:
        """Written in the base."""
        return "base " + self.name()

    @post("replaced")
    def replaced(self) -> str:
        return "base"

    @post("overridden")
    def overridden(self, a: int) -> str:
        return f"base {a}"

    def name(self) -> str:
        return "base"
