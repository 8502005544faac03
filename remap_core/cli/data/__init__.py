"""Further commands of `remap data`."""
