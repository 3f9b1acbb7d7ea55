"""Entities as GitHub's JSON, complete enough for its published schemas; one file per family."""
