"""The table of parameters, and what it was before campaigns were fitted."""

from __future__ import annotations

import csv
from importlib import resources

import numpy as np
import pytest

from keyterrain.analysis.calibration.campaigns import values_at
from keyterrain.theatre.parameters import PARAMETERS, before_fits

BEFORE = [
    row["parameter"]
    for row in csv.DictReader(
        resources.files("keyterrain.theatre").joinpath("parameters_before_fits.csv").read_text(encoding="utf-8").splitlines()
    )
]


def test_the_table_before_fits_names_parameters_that_say_by_which_command_they_were_fitted() -> None:
    assert BEFORE
    for key in BEFORE:
        assert "keyterrain calibrate" in PARAMETERS[key].source
        assert (before_fits(key).unit, before_fits(key).scale) == (PARAMETERS[key].unit, PARAMETERS[key].scale)


@pytest.mark.parametrize("key", sorted(PARAMETERS))
def test_a_parameter_that_no_campaign_was_fitted_for_is_what_it_was_before(key: str) -> None:
    fitted = "keyterrain calibrate" in PARAMETERS[key].source
    assert (before_fits(key) != PARAMETERS[key]) == fitted


def test_a_calibration_starts_from_before_the_fits() -> None:
    for key in BEFORE:
        middle = values_at([key], np.zeros((1, 1)))[0, 0]
        assert middle == pytest.approx(before_fits(key).default)
        assert middle != pytest.approx(PARAMETERS[key].default)
