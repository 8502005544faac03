"""Images that lie in arrays and tables of pixels."""
