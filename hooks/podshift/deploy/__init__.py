"""The use cases: deploy, rollback, restart, create, destroy, reconcile, prune. They hold the app's lock."""
