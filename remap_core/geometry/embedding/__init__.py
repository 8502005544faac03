"""Maps: positions in the plane whose distances fit given ones."""
