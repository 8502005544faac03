"""OTMANN: distances between architectures by optimal transport of layer mass."""
