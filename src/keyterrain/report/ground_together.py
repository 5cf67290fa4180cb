"""Several pieces of ground together: Shapley values as a table of areas by outcomes, and pairs that are clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyterrain.report.escape import html_text
from keyterrain.report.tables import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyterrain.analysis.saved_decisive import SavedDecisive, SavedInterval, SavedPair, SavedSharedOutcome
    from keyterrain.report.tables import Cell

MOST_PAIRS = 40
"""Clear pairs that are shown, the clearest first."""
TOGETHER = "all of them together"


def shapley_html(saved: SavedDecisive) -> str:
    """Return what areas change together, shared out among them: a row for each, a column for each outcome."""
    shapley = saved.shapley
    if shapley is None or not shapley.shared:
        return ""
    names, says = _names(saved), _outcomes(saved)
    areas = dict.fromkeys(share.ground for shared in shapley.shared for share in shared.shares)
    headers = ["Area", *(_heading(saved, shared, says) for shared in shapley.shared)]
    rows = [_share_cells(names.get(area, area), area, shapley.shared) for area in areas]
    whole: list[Cell] = [
        (f"<b>{TOGETHER}</b>", TOGETHER),
        *((_spread(shared.together), shared.together.value) for shared in shapley.shared),
    ]
    caption = (
        f"Shapley values, {shapley.replicates:,} replicates; they sum up to the first row. An outcome is shared out among the "
        "areas that it is not about. Intervals hold for all values together; after a quarter and half of the replicates in grey"
    )
    shown = table(headers, [whole, *rows], caption=caption, numeric=frozenset(range(1, len(headers))))
    return f"<h3>Shared out among areas</h3>{shown}"


def _heading(saved: SavedDecisive, shared: SavedSharedOutcome, says: Mapping[str, str]) -> str:
    unit = "" if shared.unit == "1" else f", {shared.unit}"
    whom = "" if len(saved.held_against) == 1 else f" ({shared.first} rather than {shared.second})"
    return f"{says.get(shared.outcome, shared.outcome)}{unit}{whom}"


def _share_cells(name: str, area: str, every: tuple[SavedSharedOutcome, ...]) -> list[Cell]:
    cells: list[Cell] = [(html_text(name), name)]
    for shared in every:
        share = next((each for each in shared.shares if each.ground == area), None)
        if share is None:
            cells.append(('<span class="faint" title="the outcome is about this area">–</span>', None))
            continue
        came = ", ".join(map(_signed, share.after[:-1]))
        said = f'{_spread(share.interval)} <small class="faint">({came})</small>' if came else _spread(share.interval)
        cells.append((said, share.interval.value))
    return cells


def pairs_html(saved: SavedDecisive) -> str:
    """Return the pairs whose interaction is clear, with what either does alone."""
    pairs = saved.pairs
    if pairs is None:
        return ""
    clear = [each for each in pairs.effects if each.verdict]
    names, says = _names(saved), _outcomes(saved)
    headers = ["Pair", "Outcome", "Verdict", "One", "Other", "Both", "Interaction [limits]"]
    caption = f"Pairs of ground whose interaction is clear, for all {pairs.n_pairs} pairs, outcomes and looks together" + (
        f"; the clearest {MOST_PAIRS} of {len(clear)}" if len(clear) > MOST_PAIRS else ""
    )
    rows = (_pair_cells(each, names, says) for each in clear[:MOST_PAIRS])
    shown = table(headers, rows, caption=caption, numeric=frozenset(range(3, 7))) if clear else ""
    return f'<h3>Pairs of ground</h3><p class="note">{html_text(pairs.sentence)}</p>{shown}'


def _pair_cells(pair: SavedPair, names: Mapping[str, str], says: Mapping[str, str]) -> list[Cell]:
    keys = [key.rpartition(":")[2] for key in (pair.one_key, pair.other_key)]
    unit = "" if pair.unit == "1" else f" <small>{html_text(pair.unit)}</small>"
    return [
        (html_text(" and ".join(names.get(key, key) for key in keys)), " ".join(keys)),
        (html_text(says.get(pair.outcome, pair.outcome)) + unit, pair.outcome),
        (html_text(pair.verdict), pair.verdict),
        *((_signed(each.value), each.value) for each in (pair.one, pair.other, pair.both)),
        (_spread(pair.interaction), pair.interaction.value),
    ]


def _names(saved: SavedDecisive) -> dict[str, str]:
    return {each.key: each.name for each in (*saved.places, *saved.areas)}


def _outcomes(saved: SavedDecisive) -> dict[str, str]:
    return {each.key: each.says for each in saved.outcomes}


def _spread(interval: SavedInterval) -> str:
    return f"{_signed(interval.value)} <small>[{_signed(interval.low)}, {_signed(interval.high)}]</small>"


def _signed(value: float | None) -> str:
    if value is None:
        return "–"
    said = f"{value:+.2f}" if abs(value) < 100.0 else f"{value:+,.0f}"
    return said.replace("-", "−")
