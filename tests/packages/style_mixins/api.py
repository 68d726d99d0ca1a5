# Written as for the original.
"""Inherits routes, replaces some, and adds a mixin at run time."""

from painting import Base, QuietMixin

from steamship.invocable import post


class Child(Base):
    """A child."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.add_mixin(QuietMixin(), permit_overwrite_of_existing_methods=True)

    @post("replaced")
    def another_name(self) -> str:
        return "child"

    def overridden(self, a: int, b: int = 2) -> str:
        """Overridden."""
        return f"child {a} {b}"

    def name(self) -> str:
        return "child"
