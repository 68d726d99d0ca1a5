"""Every kept input, looked at again."""

from __future__ import annotations

import pytest

from tests.fuzzing import corpus
from tests.fuzzing.table import TARGETS
from tests.fuzzing.watch import check_memory, ending

_KEPT = [(name, path) for name in TARGETS for path in corpus.kept(name)]


@pytest.mark.parametrize(("name", "path"), _KEPT, ids=[f"{name}-{path.name}" for name, path in _KEPT])
def test_a_kept_input_is_read_or_refused(name, path):
    """The input is read, or refused by the function's own error, in memory that its size allows."""
    with ending():
        check_memory(TARGETS[name], path.read_bytes())


def test_every_folder_of_inputs_is_a_targets():
    """No kept input lies where nobody looks at it."""
    assert {path.name for path in corpus.FOLDER.iterdir()} == TARGETS.keys()
