"""Outlines of areas: all their places lie within, also of one or two, and no others far away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import shapely

from fabricated_run import small_situation
from keyterrain.analysis.outlines import MARGIN_KM, area_outlines
from keyterrain.analysis.relief import KM_PER_DEGREE

if TYPE_CHECKING:
    from pathlib import Path


def test_every_place_of_an_area_lies_within_its_outline(tmp_path: Path) -> None:
    places = small_situation(tmp_path / "none.tif").places
    outlines = area_outlines(places, ["hills", "north"])
    assert set(outlines) == {"hills", "north"}
    for area, outline in outlines.items():
        assert (outline.lons[0], outline.lats[0]) == (outline.lons[-1], outline.lats[-1])
        within = shapely.Polygon(list(zip(outline.lons, outline.lats, strict=True)))
        for place in places:
            if area in place.areas:
                assert within.contains(shapely.Point(place.lon, place.lat))


def test_one_place_has_a_circle_about_it_and_no_place_no_outline(tmp_path: Path) -> None:
    first, *rest = small_situation(tmp_path / "none.tif").places
    outlines = area_outlines([replace(first, areas=("alone",)), *rest], ["alone", "nowhere"])
    assert set(outlines) == {"alone"}
    height_km = (max(outlines["alone"].lats) - min(outlines["alone"].lats)) * KM_PER_DEGREE
    assert abs(height_km - 2 * MARGIN_KM) < 0.05
