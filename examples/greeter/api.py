"""Greets people: the smallest package that does something."""

from steamship.invocable import Config, PackageService, get, post


class GreeterConfig(Config):
    """How this instance greets."""

    greeting: str = "Hello"


class Greeter(PackageService):
    """Greets by name, in the words that its instance was configured with."""

    config: GreeterConfig

    @classmethod
    def config_cls(cls) -> type[Config]:
        """What an instance may be configured with."""
        return GreeterConfig

    @post("greet")
    def greet(self, name: str = "you") -> str:
        """Say hello to somebody."""
        return f"{self.config.greeting}, {name}!"

    @get("hello", public=True)
    def hello(self) -> str:
        """Say hello to anybody: a public method needs no key."""
        return f"{self.config.greeting} from {self.context.invocable_instance_handle}."
