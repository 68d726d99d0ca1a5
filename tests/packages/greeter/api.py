"""The smallest package."""

from steamship.invocable import PackageService, get, post


class Greeter(PackageService):
    """Greets people."""

    @post("greet")
    def greet(self, name: str = "you") -> str:
        """Say hello."""
        return f"Hello, {name}!"

    @get("health", public=True)
    def health(self) -> dict:
        """Say that it runs."""
        return {"ok": True}
