"""Where trainings run: inline, in worker processes, on a Ray cluster."""
