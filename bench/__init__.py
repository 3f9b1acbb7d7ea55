"""What is measured, each number with its peer or physical limit beside it: `python -m bench` (or `make bench`)."""
