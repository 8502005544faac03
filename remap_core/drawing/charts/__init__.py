"""Plotly charts of models, accuracies and curves."""
