"""`make setup-test`: what the tests need beyond `make setup`. Nothing required is ever skipped."""

from __future__ import annotations

from tools import original, postgres
from tools.stamps import one_at_a_time


def main() -> None:
    """Install PostgreSQL and the original client, or fail with the command that does."""
    with one_at_a_time():
        postgres.install()
        original.install()


if __name__ == "__main__":
    main()
