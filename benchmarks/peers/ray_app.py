"""The greeting as a Ray Serve deployment; PORT and WORKERS come from the environment."""

import logging
import os
import signal
import threading

import ray
from ray import serve
from starlette.requests import Request


@serve.deployment(
    num_replicas=int(os.environ["WORKERS"]), max_ongoing_requests=100, ray_actor_options={"num_cpus": 0.1}
)
class Greeting:
    """Greets by name."""

    async def __call__(self, request: Request) -> str:
        """The greeting."""
        return f"Hello, {(await request.json())['name']}!"


if __name__ == "__main__":
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        _node_ip_address="127.0.0.1",
        logging_level=logging.ERROR,
        log_to_driver=False,
    )
    serve.start(http_options={"host": "127.0.0.1", "port": int(os.environ["PORT"]), "access_log": False})
    serve.run(Greeting.bind(), logging_config={"log_level": "ERROR", "enable_access_log": False})
    ended.wait()
    ray.shutdown()
