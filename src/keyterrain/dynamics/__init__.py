"""The physics: one compiled process per file, on arrays alone."""
