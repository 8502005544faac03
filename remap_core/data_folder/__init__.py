"""The data folder: paths, lock, inbox, heartbeat."""
