"""Published networks to compare with."""
