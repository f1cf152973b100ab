"""What an app has beside its releases: its records, domains, grants, logs."""
