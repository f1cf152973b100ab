"""A container is asked from inside its own network: where there is no proxy of ours, or its check cannot tell."""
