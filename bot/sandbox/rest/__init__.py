"""GitHub's REST API over the actions: one family of routes a file, a Flask blueprint each."""
