"""Commands about architectures and the spaces they come from; nothing is trained."""
