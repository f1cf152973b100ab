"""From an image to what is live: pushes, changes without a push, and what repairs them."""
