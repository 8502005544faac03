"""Data sets as the app adds, lists, starts and removes them."""
