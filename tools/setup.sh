#!/bin/sh
# Chooses a Python 3.11 or newer by executing candidates (`python3` on PATH may be too old, or a
# shim that fails) and sets the repository up with it. PYTHON=/path/to/python3 overrides the choice.
set -eu
cd "$(dirname "$0")/.."

fits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    if ! fits "$PYTHON"; then
        echo "setup: PYTHON=\"$PYTHON\" is no working Python 3.11 or newer; give another, or unset it" >&2
        exit 1
    fi
    exec "$PYTHON" -m tools.setup "$@"
fi

for candidate in .venv/bin/python python3 python3.13 python3.12 python3.11; do
    if fits "$candidate"; then
        exec "$candidate" -m tools.setup "$@"
    fi
done

echo "setup: no working Python 3.11 or newer found; tried python3, python3.13, python3.12 and python3.11." >&2
echo "       Install one (on Debian: apt-get install python3 python3-venv) or name yours: make PYTHON=/path/to/python3 setup" >&2
exit 1
