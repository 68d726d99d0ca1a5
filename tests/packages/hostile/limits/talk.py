"""Too much to say."""

import logging
import os
import subprocess

MIB = 1 << 20


def stdout():
    """256 MiB, straight to the descriptor and by a program."""
    for _ in range(128):
        os.write(1, b"x" * MIB)
    subprocess.run(["head", "-c", str(128 * MIB), "/dev/zero"], check=True)
    return "said"


def gigabyte_of_stdout():
    subprocess.run(["head", "-c", str(1 << 30), "/dev/zero"], check=True)
    return "said"


def long_line():
    """100 MiB without a line's end."""
    print("x" * (100 * MIB))
    return "said"


def log_flood():
    for number in range(100_000):
        logging.warning("line %d", number)
    return "said"


WAYS = {function.__name__: function for function in (stdout, gigabyte_of_stdout, long_line, log_flood)}
