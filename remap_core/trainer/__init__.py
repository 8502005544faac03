"""The trainer: worker, queue and executors. It is given a store and a train function."""
