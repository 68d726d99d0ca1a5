"""Ground: the only room that opens a database or a blob store. No function here commits."""
