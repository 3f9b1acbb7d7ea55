"""The gates: one question a file, each answering with a verdict and the evidence it rests on (row P2)."""
