"""The composed engine: which part answers what, how it starts and how it ends."""
