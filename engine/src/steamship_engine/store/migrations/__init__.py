"""The way from an empty database to `store/schema.py`, one revision a step. `store/migrate.py` runs it."""
