"""Which models to train next: from the catalogue to suggestions, and from these to the queue."""
