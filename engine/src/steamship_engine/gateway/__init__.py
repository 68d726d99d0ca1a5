"""Door: the path of every call to a package, from its address to its streamed reply."""
