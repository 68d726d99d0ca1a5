"""First replies: of a new instance, of a sleeping one, and of a plain new process, one after the other.

Each turn takes all three, so a drift of the machine meets all alike.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.cores import Cores
from benchmarks.engine import Engine, running
from benchmarks.figures import Times
from benchmarks.processes import on_cores
from benchmarks.report import Section, Table, duration
from benchmarks.scale import Scale
from benchmarks.servers import NotRunError, read_answer

_SCRIPT = Path(__file__).with_name("exec_once.py")
_EXEC_S = 60
_REST_S = 0.1
"""Before each first reply: what the one before it has left to do, such as a spare worker's birth, is done."""

_CREATED, _WOKEN, _EXECUTED = "created and first reply", "wake", "`exec python`"
_CREATED_BARE, _WOKEN_BARE = "created, without a sandbox", "wake, without a sandbox"
_ROWS = (_CREATED, _WOKEN, _EXECUTED, _CREATED_BARE, _WOKEN_BARE)


def measure(cores: Cores, scale: Scale, folder: Path) -> Section:
    """Create-and-first-reply and wake, against a plain process of the same package."""
    taken: dict[str, list[float]] = {name: [] for name in _ROWS}
    with (
        running(cores.server, folder / "sandbox") as engine,
        running(cores.server, folder / "bare", sandbox="none", insecure_no_sandbox=True) as bare,
        on_cores(cores.caller),
    ):
        python = interpreter(engine)
        started = _started(engine)
        for turn in range(scale.starts + 1):
            taken[_CREATED].append(_create(engine, turn))
            taken[_WOKEN].append(_wake(engine, turn))
            taken[_EXECUTED].append(_execute(python, engine.source, cores.server))
            taken[_CREATED_BARE].append(_create(bare, turn))
            taken[_WOKEN_BARE].append(_wake(bare, turn))
    # The first turn warms caches of files and of code.
    return _report({name: seconds[1:] for name, seconds in taken.items()}, cores, started)


def wake(engine: Engine, handle: str) -> float:
    """Seconds until the first reply of an instance that is put to sleep before."""
    instance = engine.use(handle)
    engine.put_to_sleep(instance)
    time.sleep(_REST_S)
    begin = time.perf_counter()
    answer = instance.invoke("greet", name=handle)
    took = time.perf_counter() - begin
    _check(answer, handle)
    return took


def _create(engine: Engine, turn: int) -> float:
    handle = f"new-{turn}"
    time.sleep(_REST_S)
    begin = time.perf_counter()
    answer = engine.use(handle).invoke("greet", name=handle)
    took = time.perf_counter() - begin
    _check(answer, handle)
    return took


def _wake(engine: Engine, turn: int) -> float:
    """Of the instance that was made just now; it stays asleep afterwards, as most instances are."""
    took = wake(engine, f"new-{turn}")
    engine.put_to_sleep(engine.use(f"new-{turn}"))
    return took


def _execute(python: Path, source: Path, cores: Sequence[int]) -> float:
    """Seconds from starting the interpreter to its answer."""
    with on_cores(cores):
        begin = time.perf_counter()
        process = subprocess.Popen(
            [python, _SCRIPT, source],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "HOME": str(source)},
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(b'{"name":"Unicorn"}\n')
        process.stdin.flush()
        answer = process.stdout.readline().decode().strip()
        took = time.perf_counter() - begin
        _, said = process.communicate(timeout=_EXEC_S)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    if process.returncode:
        raise NotRunError(f"the plain process failed: {said.decode(errors='replace').strip()[-300:]}")
    _check(read_answer(answer), "Unicorn")
    return took


def _check(answer: object, name: str) -> None:
    if answer != f"Hello, {name}!":
        raise NotRunError(f'the answer was "{answer}", not "Hello, {name}!"')


def interpreter(engine: Engine) -> Path:
    """The interpreter of the environment that the version runs in."""
    found = sorted(engine.data.glob("environments/*/bin/python"))
    if len(found) != 1:
        raise NotRunError(f"the engine made {len(found)} environments for one version, not one")
    return found[0]


def _started(engine: Engine) -> str:
    return subprocess.run(
        [interpreter(engine), "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()


def _report(taken: Mapping[str, Sequence[float]], cores: Cores, python: str) -> Section:
    plain = Times.of(taken[_EXECUTED])
    section = Section("New and sleeping instances: the first reply")
    section.notes.append(
        f"One SDK call each (`Steamship.use`, then `invoke`; `invoke` alone of a sleeping instance), {len(taken[_CREATED])} of "
        f"each in turn; {cores.title}, callers on another. `exec python`: {python} started with the same package's "
        f"environment, imports its class, answers one call over a pipe. {_REST_S:g} s of rest before each first reply. The sandbox is the strongest that holds; without it: "
        "an engine with `--sandbox none`, in the same turns."
    )
    rows = []
    for name, seconds in taken.items():
        times = Times.of(seconds)
        rows.append(
            [
                name,
                duration(times.p50),
                duration(times.p99),
                f"{times.p50 / plain.p50:.3f}",
                f"{times.p99 / plain.p99:.3f}",
            ]
        )
        section.figures[name.strip("`").replace(" ", "_")] = vars(times)
    heads = ["", "p50", "p99", "p50 of exec's", "p99 of exec's"]
    section.tables.append(Table(heads, rows))
    section.figures["create_of_exec"] = Times.of(taken[_CREATED]).p50 / plain.p50
    section.figures["wake_of_exec"] = Times.of(taken[_WOKEN]).p50 / plain.p50
    return section
