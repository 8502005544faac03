"""Palettes, SNACs and figures: the only room with plotly."""
