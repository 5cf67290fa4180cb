"""Battles of history: a record of them, the combat law fitted to it, and how well that law tells battles it has not seen."""
