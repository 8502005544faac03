"""A child's first weights from its parent's trained ones."""
