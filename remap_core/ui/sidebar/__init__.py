"""The parts of the sidebar, which every page shows."""
