"""Public SSH keys: what is one, where sshd looks for them, and who has which."""
