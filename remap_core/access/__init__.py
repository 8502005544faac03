"""Who a person is, how they sign in, what they may do, and how the trainer knows who sent a command."""
