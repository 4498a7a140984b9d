"""One module per language; each is a table and nothing else."""
