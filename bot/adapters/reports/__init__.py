"""Reading the reports of CI: somebody else's bytes, bounded and refused as a whole when anything is off."""
