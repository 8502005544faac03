"""What operators and their tools are told of the running processes."""
