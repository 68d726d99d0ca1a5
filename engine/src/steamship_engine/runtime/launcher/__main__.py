"""The launcher's first code; standard input is the engine's socket."""

import os
import resource
import socket
import sys

ENGINE = 3


def main() -> None:
    """Put the engine's socket on descriptor 3, take nothing else along, and serve it."""
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.abspath(os.path.join(here, "..", "..", ".."))
    # Nothing but our own package is looked for beside the standard library.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here] + [root]
    os.dup2(0, ENGINE, inheritable=False)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.closerange(ENGINE + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    from steamship_engine.runtime.launcher import packets, sandbox
    from steamship_engine.runtime.launcher.serving import Launcher

    sys.path.remove(root)
    engine = socket.socket(fileno=ENGINE)
    first = packets.receive(engine)
    if first is not None:
        try:
            launcher = Launcher(engine, sandbox.read(first.content))
        except OSError as error:
            packets.send(engine, {"is": "unable", "said": f"control groups cannot be had: {error}"})
            return
        launcher.serve()


if __name__ == "__main__":
    main()
