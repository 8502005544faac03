"""The values that cross rooms: trials, populations, maps, commands, annotations."""
