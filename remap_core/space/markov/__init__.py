"""Search spaces: Markov chains over steps, each a choice of layers, and what is sampled from them."""
