"""The greeting as a BentoML service; WORKERS comes from the environment."""

import os

import bentoml


@bentoml.service(workers=int(os.environ.get("WORKERS", "1")), logging={"access": {"enabled": False}})
class Greeting:
    """Greets by name."""

    @bentoml.api
    async def greet(self, name: str) -> str:
        """The greeting."""
        return f"Hello, {name}!"
