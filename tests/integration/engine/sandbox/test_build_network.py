"""What a build reaches: the operator's index wherever that is, and nothing else that is private."""

from __future__ import annotations

import ast
import functools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.services.building import Yard

_ASK = """
import urllib.request, urllib.error
asked = {}
for name, url in URLS.items():
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            asked[name] = answer.status
    except urllib.error.HTTPError as error:
        asked[name] = error.code
files["asker.py"] = repr(json.dumps(asked))
files["asker_variables.py"] = repr(json.dumps(dict(os.environ)))
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def _served(folder: Path) -> Iterator[int]:
    """The port of this machine at which the folder is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_an_index_on_this_machine_is_reached_and_nothing_beside_it(
    yard: Callable[..., None], tmp_path: Path
) -> None:
    """With an index on a loopback address a build gets its requirements from there, without the operator's password, and no other port."""
    (tmp_path / "other").mkdir()
    with _served(tmp_path / "index") as port, _served(tmp_path / "other") as other:
        urls = {"index": f"http://127.0.0.1:{port}/", "other": f"http://127.0.0.1:{other}/"}

        async def work(place: Yard) -> None:
            place.offer("asker", f"URLS = {urls!r}\n{_ASK}")
            packages = await place.packages("asker")
            assert json.loads(ast.literal_eval((packages / "asker.py").read_text())) == {
                "index": 200,
                "other": 403,
            }
            told = (packages / "asker_variables.py").read_text()
            assert "UV_DEFAULT_INDEX" in told and "hunter2" not in told

        index = f"http://operator:hunter2@127.0.0.1:{port}/"
        yard(work, environ={"UV_DEFAULT_INDEX": index, "UV_HTTP_RETRIES": "0"})
