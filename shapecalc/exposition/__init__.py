"""Pages made of blocks, from what was derived. The prose of the program is here, and nowhere else."""
