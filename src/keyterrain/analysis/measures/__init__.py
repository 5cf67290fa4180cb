"""Measures: from campaigns as they were played to one number each, alike in memory and from the store.

    asked = Measurement.of("area_held_share", area="qalamoun", side="government")
    values = measured([asked], replicates)  # (measurement, replicate), nan where undefined

One file per subject; `theatre.outcomes` says which measures there are and what they need to be told.
"""

from keyterrain.analysis.measures import assaults, control, fighting, inputs, people, ways
from keyterrain.analysis.measures.registry import Measurement, measured, variables_of
from keyterrain.analysis.measures.replicates import Replicates, of_chunk, of_run
from keyterrain.analysis.measures.standing import standing_value

__all__ = [
    "Measurement", "Replicates", "assaults", "control", "fighting", "inputs", "measured", "of_chunk", "of_run", "people",
    "standing_value", "variables_of", "ways",
]  # fmt: skip
