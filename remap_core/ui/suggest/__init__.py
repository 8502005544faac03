"""What the app suggests to train next: cards, a table of all candidates, rings on the map, and the autopilot."""
