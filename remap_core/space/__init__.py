"""The search space: layers, architectures, how they are sampled and edited. Pure Python and numpy.random."""
