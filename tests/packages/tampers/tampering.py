"""Getting at the zygote's own code, which is as open to an author as all else in its process."""

import sys

NAMED = {}


def named(function):
    """Register a tampering by its function's name."""
    NAMED[function.__name__] = function
    return function


def module(name):
    """One of the zygote's modules."""
    return sys.modules["_steamship_worker." + name]


birth, zygote, linux, landlock = (module(name) for name in ("birth", "zygote", "linux", "landlock"))


def without(name):
    """Leave one step of a birth out."""
    assert any(step.__name__ == name for step in birth.STEPS)
    birth.STEPS = tuple(step for step in birth.STEPS if step.__name__ != name)


def after(name, action):
    """Do something in the worker after one of its steps."""
    steps = []
    for step in birth.STEPS:
        steps += [step, lambda _birth: action()] if step.__name__ == name else [step]
    birth.STEPS = tuple(steps)


def at_the_end(action):
    """Do something in the worker before it tells that it is one."""
    birth.STEPS = (*birth.STEPS, lambda _birth: action())


def before_each(action):
    """Do something in the zygote before each fork."""
    fork = zygote._fork
    zygote._fork = lambda *arguments: action() or fork(*arguments)


def after_each(action):
    """Do something in the zygote after each fork, when it has the worker's channel still."""
    fork = zygote._fork

    def forked(*arguments):
        pid = fork(*arguments)
        if pid:
            action()
        return pid

    zygote._fork = forked


def forever():
    """Wait for nothing."""
    while True:
        module("linux").signal.pause()
