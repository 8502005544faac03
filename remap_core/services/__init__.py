"""Use cases: what a page, a command or a notebook asks for, in one call each."""
