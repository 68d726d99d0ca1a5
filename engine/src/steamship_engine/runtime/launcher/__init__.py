"""The launcher: a process of its own that makes zygotes and workers, watches them, and ends what they leave.

Standard library only, one thread, no asyncio; the engine never imports it (ARCHITECTURE.md, "Launcher, zygotes, workers").
"""
