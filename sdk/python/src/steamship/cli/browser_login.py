"""A key by the engine's approve page: for who has one elsewhere, and wants one of its own here."""

from __future__ import annotations

import base64
import hashlib
import time
import webbrowser
from urllib.parse import urlencode

from steamship.base.client import Client
from steamship.base.configuration import Configuration
from steamship.cli.failures import CommandError
from steamship.cli.output import remark
from steamship.version import __version__

POLL_S = 1.0
LONGEST_WAIT_S = 300.0


class _Nobody(Client):
    """A client that has no key yet."""

    def _identity(self) -> dict[str, str]:
        return {name: value for name, value in super()._identity().items() if name != "Authorization"}


def key_by_browser(bases: dict[str, str]) -> str:
    """Show the page's address, open it where there is a browser, and wait for the key.

    Raises CommandError when nobody approves it in time.
    """
    client = _Nobody.without_workspace(Configuration.of_instance(api_key=lambda: "", **bases))
    token: str = client.post("account/create_login_attempt")["token"]
    query = urlencode({"attemptToken": token, "client": "ship", "version": __version__})
    address = f"{bases['web_base']}account/client-login?{query}"
    remark(f"Approve this login, with the code {code_of(token)}, on the page\n  {address}")
    webbrowser.open(address)
    ends = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < ends:
        polled = client.post("account/poll_login_attempt", {"token": token})
        if polled["status"] == "done":
            key: str = polled["apiKey"]
            return key
        if polled["status"] == "ended":
            break
        time.sleep(POLL_S)
    raise CommandError("The login was not approved.", suggestion="Run `ship login --browser` again.")


def code_of(token: str) -> str:
    """What the page shows, too: that it is this login which is approved there."""
    letters = base64.b32encode(hashlib.sha256(b"steamship login code" + token.encode()).digest()).decode()
    return f"{letters[:4]}-{letters[4:8]}"
