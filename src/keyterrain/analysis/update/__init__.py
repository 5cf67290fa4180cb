"""Updating: replicates of a stored run weighed anew by what was seen after its start."""
