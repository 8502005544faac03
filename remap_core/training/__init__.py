"""Datasets, networks, training and measurement: the only room with torch."""
