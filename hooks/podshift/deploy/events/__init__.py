"""What was done, written down and told to whoever wants to know."""
