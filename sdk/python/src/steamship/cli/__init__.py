"""The `ship` command. Nothing here is imported by the client or by the authoring classes."""
