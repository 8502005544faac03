"""Models in 8-bit integers."""
