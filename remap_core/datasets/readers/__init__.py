"""Readers of images, one module per form."""
