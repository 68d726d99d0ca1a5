"""Door: the control plane's HTTP API, one module a noun. Knows no SQL."""
