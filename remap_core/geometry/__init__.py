"""Distances between architectures and between predictions, and maps of them."""
