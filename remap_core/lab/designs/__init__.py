"""Designs: architectures that were not trained yet, and the ways to get them."""
