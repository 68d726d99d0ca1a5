"""A new version of a package whose requirements are unchanged: from starting `ship deploy` to its answer."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.cores import Cores
from benchmarks.engine import Engine, running
from benchmarks.figures import Spread
from benchmarks.report import Section, Table, spread_of_times
from benchmarks.scale import Scale
from benchmarks.servers import NotRunError

_PAUSE_S = 2.0
"""Between two deploys: nobody deploys again before the last one's answer was read."""


def measure(cores: Cores, scale: Scale, folder: Path) -> Section:
    """Deploy again and again, each time with other code."""
    deploys: list[float] = []
    answers: list[float] = []
    with running(cores.server, folder) as engine:
        code = (engine.source / "api.py").read_text()
        for number in range(scale.deploys):
            time.sleep(_PAUSE_S)
            deployed, answered = _redeploy(engine, code, f"1.0.{number + 1}")
            deploys.append(deployed)
            answers.append(answered)
    section = Section("Redeploy")
    section.notes.append(
        f"{scale.deploys} deploys of changed code with the same requirements, {_PAUSE_S:g} s apart, {cores.title}; then "
        "`Steamship.use` of a new instance of that version, and its first reply."
    )
    rows = [
        ["`ship deploy`", spread_of_times(Spread.of(deploys))],
        ["`ship deploy`, use, first reply", spread_of_times(Spread.of(answers))],
    ]
    section.tables.append(Table(["", "from its start"], rows))
    section.figures = {"deploy": deploys, "answer": answers, "p50": Spread.of(answers).median}
    return section


def _redeploy(engine: Engine, code: str, version: str) -> tuple[float, float]:
    """Seconds until the command ended, and until the new version answered."""
    (engine.source / "api.py").write_text(code.replace("Hello", f"Hello {version}"))
    begin = time.perf_counter()
    engine.deploy(version)
    deployed = time.perf_counter() - begin
    answer = engine.use(f"of-{version}", version=version).invoke("greet", name="Unicorn")
    answered = time.perf_counter() - begin
    if answer != f"Hello {version}, Unicorn!":
        raise NotRunError(f'version {version} answered "{answer}"')
    return deployed, answered
