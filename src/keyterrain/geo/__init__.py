"""Coordinates and elevation: the only layer that knows units, projections and the shape of the earth."""
