"""The front door for notebooks and scripts."""
