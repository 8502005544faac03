"""Exported PyTorch source, run in processes of their own: the app's never imports torch."""
