"""The opening paragraph: what came out, in words made from numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyterrain.analysis.headline import Band
from keyterrain.report.wording import count, count_with_band, day_month, day_month_year, listed, percent_with_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyterrain.analysis.headline import Headline


def summary_sentences(headline: Headline, names: Mapping[str, str]) -> list[str]:
    """Return the sentences of the opening paragraph; `names` are the display names of the sides."""
    sentences = [_towns(headline, names), _area(headline, names), _corridors(headline), _people(headline), _losses(headline)]
    return [sentence for sentence in sentences if sentence]


def how_to_read(headline: Headline) -> str:
    """Return what brackets and parentheses stand for."""
    return (
        f"All of it from {headline.n_replicates:,} replicates, each with its own luck and its own draw of every uncertain input. "
        "In [brackets], the 95% interval of sampling: how far a figure may move if as many replicates were played again. "
        "In (parentheses), the range that holds nine replicates in ten. Neither knows how far the model is from the war."
    )


def _towns(headline: Headline, names: Mapping[str, str]) -> str:
    if not headline.towns:
        return ""
    towns = [f"{town.name} in {percent_with_error(town.p_held)}" for town in headline.towns]
    return f"By {day_month_year(headline.end)} {_side(names, headline.towns[0].side)} holds {listed(towns)} of replicates."


def _area(headline: Headline, names: Mapping[str, str]) -> str:
    area = headline.focus
    if area is None or area.n_towns < 2:
        return ""
    return (
        f"Of the {area.n_towns} towns and villages of {area.name} {_side(names, area.side)} holds {count_with_band(area.held)}, "
        f"after {count(area.at_start)} on {day_month(headline.start)}."
    )


def _corridors(headline: Headline) -> str:
    if not headline.corridors:
        return ""
    shares = [f"{corridor.name} {percent_with_error(corridor.share_open)}" for corridor in headline.corridors]
    return f"Corridors are open to the side that needs them on these shares of days: {listed(shares)}."


def _people(headline: Headline) -> str:
    if headline.fled.low == headline.fled.high == 0:
        return ""
    gains = [f"in {one.name}, {count_with_band(one.people)}" for one in headline.destinations if one.people.median > 0]
    where = f"; the largest gains are {listed(gains)}" if gains else ""
    if headline.fled.low < 0 < headline.fled.high:
        return (
            "By then there is no clear difference in the number of displaced people from the start: "
            f"the change is {count_with_band(headline.fled)}{where}."
        )
    if headline.fled.median < 0:
        fewer = Band(-headline.fled.high, -headline.fled.median, -headline.fled.low)
        return f"By then {count_with_band(fewer)} fewer people are displaced than at the start{where}."
    return f"By then {count_with_band(headline.fled)} more people are displaced than at the start{where}."


def _losses(headline: Headline) -> str:
    if not headline.sides:
        return ""
    dead = [f"{count_with_band(side.dead)} of {_the(side.name)}" for side in headline.sides]
    cut_off = [f"{count_with_band(side.cut_off)} of {_the(side.name)}" for side in headline.sides]
    return (
        f"The dead among fighters number {listed(dead)}; of the places with fighters, {listed(cut_off)} are cut off at the end."
    )


def _side(names: Mapping[str, str], side: str) -> str:
    return _the(names.get(side, side))


def _the(name: str) -> str:
    return f"the {name[0].lower()}{name[1:]}" if name else name
