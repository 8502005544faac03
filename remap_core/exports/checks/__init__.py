"""Whether an exported file predicts what the trained network did."""
