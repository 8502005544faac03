"""The entry point: what stays on every page, and the page beside it."""

from remap_core.ui.model_map import first_paint

place = first_paint.begin()

from remap_core.ui import frame  # its imports take half a second

frame.show(place)
