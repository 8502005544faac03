"""Model cards (Mitchell et al., FAT* 2019): what a model is, how it does, and how to run it."""
