"""Packages written for the original SDK, in both forms of bundle and on our SDK, called by every client."""

from __future__ import annotations

from typing import Any

import pytest

from steamship import Steamship
from tests.acceptance.original.scripts import SCRIPTS
from tests.packages import zipped
from tests.services.deploying import Api, Refused
from tests.services.original_packages import PACKAGES, DeployForm, forms_of
from tests.services.package_clients import HttpCalls, OriginalCalls, OurCalls
from tests.services.package_scripts import Call, CallFailed, PackageClient, Request, Step, Use, check


# The original client last: it asks a new instance whether its init is over once a second.
@pytest.fixture(params=["http", "ours", "original"])
def client(request, original_calls: OriginalCalls, http_calls: HttpCalls, at_home: Any) -> PackageClient:
    """Each of the clients."""
    clients: dict[str, PackageClient] = {
        "original": original_calls, "ours": OurCalls(), "http": http_calls,
    }  # fmt: skip
    return clients[request.param]


def test_every_package_has_a_script() -> None:
    """No package of the folder is left without calls, and none has calls and no folder."""
    assert sorted(SCRIPTS) == PACKAGES


@pytest.mark.parametrize(("name", "form"), [(name, form) for name in PACKAGES for form in forms_of(name)])
def test_package(name: str, form: str, client: PackageClient, deploy_form: DeployForm) -> None:
    """Every call of the package's script has its answer, whichever client makes it and whichever SDK serves it."""
    if name == "tour":
        deploy_form("notebook", "pinned")  # its guide
    handle = deploy_form(name, form)
    used = 0
    for step in SCRIPTS[name]:
        used += isinstance(step, Use)
        expected = _expected(step, client, native=form == "native")
        try:
            found = _play(step, client, handle, f"{handle}-{used}", native=form == "native")
        except CallFailed as error:
            found = error.failure
        check(step, expected, found)


def _expected(step: Step, client: PackageClient, *, native: bool) -> Any:
    if isinstance(step, Request) and client.name != "http":
        return None
    if isinstance(step, Call):
        return step.expected(client.name, native=native)
    return step.native.answer if native and step.native is not None else step.answer


def _play(step: Step, client: PackageClient, handle: str, instance: str, *, native: bool) -> Any:
    if isinstance(step, Use):
        return client.use(handle, instance, step.config)
    if isinstance(step, Call):
        return client.call(step, step.expected_type(native=native))
    return client.request(step) if isinstance(client, HttpCalls) else None


OPTIONAL_LIST = """
from typing import List, Optional
from steamship.invocable import PackageService, post

class Sorter(PackageService):
    @post("sort")
    def sort(self, words: Optional[List[str]] = None) -> list:
        return sorted(words or [])
"""


def test_an_optional_list_as_argument(api: Api, at_home: Any) -> None:
    """The original SDK cannot describe an `Optional[List[...]]`, so the deploy fails; ours can."""
    with pytest.raises(Refused) as refused:
        pinned = zipped({"api.py": OPTIONAL_LIST, "requirements.txt": "steamship==2.17.34"})
        api.deploy("optional-list", pinned)
    assert "issubclass() arg 1 must be a class" in refused.value.message
    api.deploy("optional-list", zipped({"api.py": OPTIONAL_LIST}))
    used = Steamship.use("optional-list")
    assert used.invoke("sort", words=["b", "a"]) == ["a", "b"]
    assert used.invoke("sort") == []
