"""Finished models for use elsewhere: ONNX, PyTorch source, weights. Needs no torch: the app's process exports."""
