"""The parts of the generate page."""
