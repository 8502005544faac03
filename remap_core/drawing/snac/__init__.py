"""SNACs: an architecture drawn as a row of chips."""
