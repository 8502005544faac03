"""What the models say about the data, and what comes of it."""
