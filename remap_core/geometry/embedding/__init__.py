"""Maps: places in the plane whose distances fit given ones."""
