"""Models: trained architectures, what was measured on them, and what can be made of them."""
