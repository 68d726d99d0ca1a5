"""The list of attacks, and running one of them in a child of its own: whatever it does to itself ends there."""

import errno
import json
import os
import signal

ATTACKS = {}
_SECONDS = 20


class Closed(Exception):
    """It does not work, and no system call says why."""


def attack(name):
    """Decorates a function that takes `given` and gives evidence that it worked, or raises OSError or Closed."""

    def keep(function):
        assert name not in ATTACKS, name
        ATTACKS[name] = function
        return function

    return keep


def run(name, given):
    """The outcome of one attack."""
    receiving, sending = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receiving)
        signal.alarm(_SECONDS)
        try:
            os.write(sending, json.dumps(_outcome(ATTACKS[name], given)).encode())
        finally:
            os._exit(0)
    os.close(sending)
    with os.fdopen(receiving, "rb") as answer:
        told = answer.read()
    _, status = os.waitpid(child, 0)
    if told:
        return json.loads(told)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS:
        return _said("closed", "SIGSYS")
    return _said("broken", f"it ended with status {status}")


def _outcome(function, given):
    try:
        return _said("open", seen=str(function(given)))
    except OSError as error:
        return _said("closed", errno.errorcode.get(error.errno, str(error)))
    except Closed as error:
        return _said("closed", str(error))
    except BaseException as error:
        return _said("broken", f"{type(error).__name__}: {error}")


def _said(verdict, error="", seen=""):
    return {"verdict": verdict, "error": error, "seen": seen[:200]}
