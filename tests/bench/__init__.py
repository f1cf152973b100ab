"""The bench: what a rotation loses, what a proxy costs and what a push costs, measured beside the alternatives."""
