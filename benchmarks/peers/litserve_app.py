"""The greeting as a LitServe API; PORT and WORKERS come from the environment."""

import os
from typing import Any

import litserve


class Greeting(litserve.LitAPI):
    """Greets by name."""

    def setup(self, device: str) -> None:
        """Nothing to load."""

    def decode_request(self, request: dict[str, Any]) -> str:
        """The name."""
        return str(request["name"])

    def predict(self, name: str) -> str:
        """The greeting."""
        return f"Hello, {name}!"

    def encode_response(self, output: str) -> str:
        """The greeting as it is."""
        return output


if __name__ == "__main__":
    workers = int(os.environ["WORKERS"])
    server = litserve.LitServer(
        Greeting(api_path="/greet"), accelerator="cpu", devices=1, workers_per_device=workers
    )
    server.run(
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        num_api_servers=workers,
        generate_client_file=False,
        log_level="error",
        access_log=False,
    )
