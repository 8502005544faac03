"""What of a population is looked at, and how: objective, filter, metrics, and all of it as one value."""
