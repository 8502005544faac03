"""How a click, a hover or a selection gets from a Plotly chart to Python."""
