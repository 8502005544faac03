"""The parts of the queue page."""
