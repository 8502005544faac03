"""Data sets that others publish, by their names: how they are downloaded, and how their files are read."""
