"""One file per process, all wiring and nothing else."""
