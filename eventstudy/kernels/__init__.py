"""Plain functions on arrays: numpy and scipy.special, nothing else."""
