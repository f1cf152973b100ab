"""From a pushed commit to an image."""
