"""The parts of the inspect page."""
