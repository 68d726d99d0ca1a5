"""One engine a mode and user, with two tenants, for the tests of this folder."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.sandbox.columns import COLUMNS, QUICK, USER, Column
from tests.services.engine import EngineProcess
from tests.services.listeners import listening
from tests.services.ordinary_user import OrdinaryUser, ordinary_user
from tests.services.tenants import Tenants, canary
from tests.services.wheels import stowaway_wheel

StartIn = Callable[..., EngineProcess]


@pytest.fixture(scope="session", params=COLUMNS, ids=str)
def column(request: pytest.FixtureRequest) -> Column:
    """A mode and a user."""
    column: Column = request.param
    return column


@pytest.fixture(scope="session")
def somebody() -> Iterator[OrdinaryUser]:
    """The ordinary user."""
    with ordinary_user() as user:
        yield user


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, with wheels in it."""
    folder = Path(tempfile.mkdtemp(prefix="steamship-open-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "wheels").mkdir()
    stowaway_wheel(folder / "wheels")
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def start_in(
    column: Column,
    open_folder: Path,
    request: pytest.FixtureRequest,
) -> Iterator[StartIn]:
    """A function that starts an engine in the mode and as the user; they are stopped at the end."""
    with ExitStack() as stack:

        def start(**environ: str) -> EngineProcess:
            python = {}
            environ = {"UV_FIND_LINKS": str(open_folder / "wheels"), **environ}
            # Where data lies below /tmp, packages have no /tmp to write to.
            home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="steamship-", dir="/var/tmp")))
            home.chmod(0o755)
            if column.user == USER:
                user: OrdinaryUser = request.getfixturevalue("somebody")
                home = user.own(Path(tempfile.mkdtemp(prefix="home-", dir=user.folder)))
                environ["UV_CACHE_DIR"] = str(user.folder / "cache")
                python = {"python": user.python}
            engine = EngineProcess(home, home / "data", dict(column.flags), environ, **python)
            stack.callback(engine.stop)
            return engine

        yield start


@pytest.fixture(scope="session")
def tenants(start_in: StartIn, open_folder: Path) -> Iterator[Tenants]:
    """Two users of an engine whose key and environment are words to look for."""
    with listening(open_folder) as listeners:
        engine = start_in(STEAMSHIP_ENGINE_ADMIN_KEY=canary("key"), A_WORD=canary("environ"))
        made = Tenants(engine, listeners)
        yield made
        made.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the columns that are not `QUICK` for a file to the slow tests."""
    for item in items:
        quick = QUICK.get(item.path.stem)
        column = getattr(getattr(item, "callspec", None), "params", {}).get("column")
        if quick is not None and column is not None and str(column) not in quick:
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show what the engine of a failed test has printed."""
    report: Any = yield
    tenants = getattr(item, "funcargs", {}).get("tenants")
    if report.when == "call" and report.failed and tenants is not None:
        report.sections.append(("the engine's log", tenants.engine.log()[-20_000:]))
    return report
