"""Pages for people. They know no cookie yet: a page that acts asks for a key."""
