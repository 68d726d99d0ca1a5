"""The demo: a fresh engine, the example packages, and a walk through what they can do."""
