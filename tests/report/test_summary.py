"""The opening paragraph says what its numbers say, and no more."""

from __future__ import annotations

from datetime import date

import pytest

from keyterrain.analysis.headline import Band, Headline
from keyterrain.report.summary import summary_sentences


@pytest.mark.parametrize(
    ("fled", "says"),
    [
        (
            Band(-460_000, -2_900, 420_000),
            "no clear difference in the number of displaced people from the start: the change is −2,900 (−460,000 to 420,000).",
        ),
        (Band(1_000, 2_000, 3_000), "By then 2,000 (1,000–3,000) more people are displaced than at the start."),
        (Band(-3_000, -2_000, -1_000), "By then 2,000 (1,000–3,000) fewer people are displaced than at the start."),
        (Band(0, 500, 900), "By then 500 (0–900) more people are displaced than at the start."),
    ],
    ids=["both signs", "more", "fewer", "none or more"],
)  # fmt: skip
def test_people_are_more_or_fewer_only_where_the_band_has_one_sign(fled: Band, says: str) -> None:
    bare = Headline(date(2013, 11, 22), date(2014, 4, 26), 100, None, (), (), fled, (), ())
    assert says in " ".join(summary_sentences(bare, {}))
