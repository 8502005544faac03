"""The parts of the drawer page."""
