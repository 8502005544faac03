"""What to train next: predictions from plain features, and the expected improvement of the Pareto front."""
