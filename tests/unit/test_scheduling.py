"""Which tests are run in one process."""

from __future__ import annotations

from tests.services.scheduling import together

SANDBOX = "tests/acceptance/sandbox"
PACKAGES = "tests/acceptance/original/test_packages.py::test_package"


def test_what_shares_an_engine_or_a_deploy_is_together() -> None:
    """A column of the sandbox's tests in all their files, and a package's form with all its clients."""
    column = {
        together(f"{SANDBOX}/test_attacks.py::test_every_attack_has_its_row[no-cgroup/user]"),
        together(f"{SANDBOX}/test_limits.py::test_too_much_is_refused[no-cgroup/user-one_file]"),
    }
    assert len(column) == 1
    assert together(f"{SANDBOX}/test_attacks.py::test_every_attack_has_its_row[full/root]") not in column
    forms = {together(f"{PACKAGES}[{client}-tour-pinned]") for client in ("http", "ours", "original")}
    assert len(forms) == 1
    assert together(f"{PACKAGES}[http-tour-native]") not in forms


def test_every_other_test_is_alone() -> None:
    """It is handed out by itself."""
    own = "tests/acceptance/test_churn.py::test_a_few_hundred_instances_leave_nothing"
    assert together(own) == own
