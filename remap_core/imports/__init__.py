"""Architectures from files: ONNX, JSON, words. Needs no torch, runs nothing that a file holds, and loads no pickle."""
