"""A demo: its prepared models, and the images of its visitors."""
