"""Commands that suggest models and train suggestions."""
