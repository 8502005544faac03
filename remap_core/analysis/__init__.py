"""What the numbers say: previews, expected durations, effects of edits, tests of differences, predictions."""
