"""`python -m steamship_engine`: the engine's commands without the `ship` command line."""

from __future__ import annotations

import click

from steamship_engine.commands import admin, doctor, serve

main = click.Group("steamship-engine", commands={"serve": serve, "admin": admin, "doctor": doctor})

if __name__ == "__main__":
    main()
