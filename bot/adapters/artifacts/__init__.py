"""Reading workflow artifacts: somebody else's bytes, never trusted and never written to disk."""
