"""Making environments for which strangers' code must run, in the sandbox."""
