"""The door: what sshd runs for a key of podshift's, in place of a shell. Pushes, fetches and commands, nothing else."""
