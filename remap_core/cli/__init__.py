"""The command line `remap`."""
