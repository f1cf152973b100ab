"""What `podshift doctor` looks at: the engine, the machine, and what stands on them."""
