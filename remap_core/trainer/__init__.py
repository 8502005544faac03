"""The trainer daemon: worker, queue and executors. Given a store and a train function."""
