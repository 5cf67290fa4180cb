"""Theatres from others' files: roads of an extract, places of a gazetteer, and the scenario folder made of them."""
