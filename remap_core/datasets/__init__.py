"""Data sets: images, labels and splits. Free of torch."""
