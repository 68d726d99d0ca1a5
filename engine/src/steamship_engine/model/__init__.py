"""Words: nouns, handles, states, limits and errors. Pure: nothing here does I/O or imports another room."""
