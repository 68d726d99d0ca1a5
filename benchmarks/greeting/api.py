"""The package that is measured: one method that greets, one that does nothing."""

from steamship.invocable import PackageService, post


class Greeting(PackageService):
    """What every peer does too: JSON in, a sentence out."""

    @post("greet")
    def greet(self, name: str) -> str:
        """Greet by name."""
        return f"Hello, {name}!"

    @post("nothing")
    def nothing(self) -> None:
        """Do nothing: what is left is what a task costs."""
