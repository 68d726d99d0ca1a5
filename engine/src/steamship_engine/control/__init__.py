"""Rules: who may do what to which thing. One module a noun; plain blocking code, called in threads."""
