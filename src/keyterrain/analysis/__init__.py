"""The questions asked of results."""
