"""A finished model for use elsewhere: PyTorch source, ONNX, weights. Needs no torch: the app's process makes it."""
