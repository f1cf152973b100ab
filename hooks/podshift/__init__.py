"""podshift: `git push production main`, and the new version is live without one request lost."""
