"""The trainer daemon: the queue's worker, its executors and its main loop. Given a store and a train function."""
