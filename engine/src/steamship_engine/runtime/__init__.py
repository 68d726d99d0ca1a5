"""Machines that run packages: bundles, environments, workers. Knows no SQL, no user, no workspace."""
