"""From an architecture to a torch network that trains fast on a CPU."""
