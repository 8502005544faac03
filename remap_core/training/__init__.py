"""Networks, trainings and measurements: the only package that imports torch."""
