"""Too long, and deaf to every word about it."""

import ctypes
import os
import signal
import time

_LONG = 600


def _deaf():
    """Where this is the main thread, which alone may say so."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU, signal.SIGALRM):
        try:
            signal.signal(number, signal.SIG_IGN)
        except ValueError:
            break


def loop():
    _deaf()
    while True:
        pass


def masked():
    """No signal gets through but the one that nobody can keep out."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        pass


def blocked_in_c():
    """Nothing of Python runs; the interpreter's lock is held all the time."""
    _deaf()
    ctypes.PyDLL(None).sleep(_LONG)


def sleeping():
    time.sleep(_LONG)


def stubborn():
    """Catches everything that can be raised."""
    while True:
        try:
            time.sleep(_LONG)
        except BaseException:
            continue


def loops_of_children():
    for _ in range(3):
        if os.fork() == 0:
            loop()
    loop()


def share():
    """Of one processor, how much of it one process gets in a second of its own clock, in percent."""
    begun, used = time.monotonic(), time.process_time()
    while time.monotonic() < begun + 2:
        pass
    return round(100 * (time.process_time() - used) / (time.monotonic() - begun))


WAYS = {
    function.__name__: function
    for function in (loop, masked, blocked_in_c, sleeping, stubborn, loops_of_children, share)
}
