"""Models as files, each run on all validation images before it leaves."""
