"""The entry point: what stays on every page, and the page beside it."""

from remap_core.ui import frame

frame.show()
