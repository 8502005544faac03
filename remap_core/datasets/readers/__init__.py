"""One module for each form that images come in."""
