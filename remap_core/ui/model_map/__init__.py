"""The map of all models, which stays on every page."""
