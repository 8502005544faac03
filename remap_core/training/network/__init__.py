"""From an architecture to a torch network, and what makes it fast."""
