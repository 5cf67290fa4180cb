"""Sensitivity: which unknowns move an outcome, and so which report is worth verifying."""
