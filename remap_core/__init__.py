"""REMAP: visual human-in-the-loop neural architecture search."""

__version__ = "0.1.0"
