"""What `keyterrain decisive` says of several pieces of ground together: Shapley values and pairs."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from keyterrain.cli.answer import as_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyterrain.analysis.decisive.answer import DecisiveAnswer, Effect
    from keyterrain.analysis.decisive.pairs import PairEffect, PairsAnswer
    from keyterrain.analysis.decisive.sharing import ShapleyAnswer, SharedOutcome
    from keyterrain.analysis.decisive.unions import Allowance
    from keyterrain.analysis.interval import Interval
    from keyterrain.cli.progress import CountLine

CAMPAIGNS = 20_000
"""Campaigns of either part where no number is given: `DEFAULT_CAMPAIGNS` of the library, which is dear to import for a help."""
MOST_SHARES, MOST_PAIRS = 6, 20
ROUNDING = 1e-9
"""Sums of numbers about 1 that differ by less are the same."""
NOTE = (
    "Shapley values share out what all these areas change together, by the mean of what each adds to those before it over all "
    "orders; they sum up to it. An outcome is shared out among the areas that it is not about. An area that lies in another adds "
    "nothing after it. Intervals hold for all values together."
)
PAIR_NOTE = (
    "Interaction: what both do beyond the sum of either, where it is clear for all pairs, outcomes and looks together. "
    "Substitutes: each does it alone, and both less than the sum."
)


def say_beforehand(allowance: Allowance, line: CountLine) -> None:
    """Say on stderr what a part may take."""
    line.say(f"{allowance.says}: {allowance.campaigns} campaigns at most, about {_about(allowance.seconds)}")


def shapley_for_machines(answer: ShapleyAnswer | None) -> dict[str, object] | None:
    """Return what is said once for all Shapley values."""
    if answer is None:
        return None
    return {
        "campaigns": answer.campaigns,
        "replicates": answer.replicates,
        "replicates_played": answer.n_played,
        "replicates_copied": answer.n_copied,
        "level": answer.level,
        "shown_after": _shown_after(),
        "outcomes": [
            {
                "outcome": each.outcome,
                "unit": each.unit,
                "first": each.first,
                "second": each.second,
                "areas": list(each.players),
                "exact": each.is_exact,
                "orders": None if each.is_exact else 2 * answer.replicates,
                "together": each.together.value,
                "low": each.together.low,
                "high": each.together.high,
                "sum_of_values": math.fsum(share.interval.value for share in each.shares),
                "left_over": each.left_over,
            }
            for each in answer.shared
        ],
    }


def share_for_machines(answer: ShapleyAnswer | None, ground: str, effect: Effect) -> dict[str, object]:
    """Return the Shapley value that belongs beside an effect; null where there is none."""
    share = answer.of(ground, effect.outcome, effect.first, effect.second) if answer else None
    if share is None:
        return {"shapley": None, "shapley_low": None, "shapley_high": None, "shapley_after": None}
    interval = share.interval
    after = list(share.after)
    return {"shapley": interval.value, "shapley_low": interval.low, "shapley_high": interval.high, "shapley_after": after}


def pairs_for_machines(answer: PairsAnswer | None) -> dict[str, object] | None:
    """Return every pair and outcome."""
    if answer is None:
        return None
    return {
        "answer": answer.sentence,
        "campaigns": answer.campaigns,
        "replicates_played": answer.n_played,
        "replicates_copied": answer.n_copied,
        "level": answer.level,
        "grounds": list(answer.grounds),
        "n_pairs": answer.n_pairs,
        "pairs": [
            {
                "one": each.one_key,
                "other": each.other_key,
                "outcome": each.outcome,
                "unit": each.unit,
                "first": each.first,
                "second": each.second,
                "replicates": each.both.n_played,
                "verdict": each.verdict,
                **_numbers("effect_one", each.one),
                **_numbers("effect_other", each.other),
                **_numbers("effect_both", each.both),
                **_numbers("interaction", each.interaction),
            }
            for each in answer.effects
        ],
    }


def shapley_for_people(answer: DecisiveAnswer, width: int) -> list[str]:
    """Return a table for each outcome, with how the values came to rest."""
    shapley = answer.shapley
    if shapley is None:
        return []
    heading = (
        f"Shapley values, {shapley.replicates} replicates with orders of their own, {shapley.n_played} campaigns played and "
        f"{shapley.n_copied} taken over of {shapley.campaigns} at most. {NOTE}"
    )
    return [textwrap.fill(heading, width), *(_shares(each, answer.sides) for each in shapley.shared)]


def pairs_for_people(answer: DecisiveAnswer, width: int) -> list[str]:
    """Return what pairs do together, those alone that are clear."""
    pairs = answer.pairs
    if pairs is None:
        return []
    heading = (
        f"{pairs.sentence} {len(pairs.grounds)} pieces of ground were paired, {pairs.n_played} campaigns played and "
        f"{pairs.n_copied} taken over of {pairs.campaigns} at most. {PAIR_NOTE}"
    )
    clear = [each for each in pairs.effects if each.verdict]
    parts = [textwrap.fill(heading, width)]
    if clear:
        parts.append(_pairs(clear[:MOST_PAIRS]))
    if len(clear) > MOST_PAIRS:
        parts.append(f"... and {len(clear) - MOST_PAIRS} more (all with --json)")
    return parts


def _left_over(shared: SharedOutcome) -> str:
    """Say what values do not account for; what is left by rounding alone is nothing."""
    return f"{shared.left_over:.0e} left over" if shared.left_over > ROUNDING else "nothing left over"


def _shares(shared: SharedOutcome, sides: Mapping[str, str]) -> str:
    how = "all coalitions" if shared.is_exact else "orders at random"
    title = (
        f"{shared.outcome}: {_spread(shared.together)} when {sides[shared.first]} rather than {sides[shared.second]} holds all "
        f"{len(shared.players)} areas ({how}; {_left_over(shared)})"
    )
    rows = [["", "value", "[low, high]", *(f"after {share:.0%}" for share in _shown_after())]]
    n_shown = MOST_SHARES if len(shared.shares) > MOST_SHARES + 1 else len(shared.shares)
    for share in shared.shares[:n_shown]:
        interval = share.interval
        after = (f"{value:+.3f}" for value in share.after)
        rows.append([share.ground, f"{interval.value:+.3f}", f"[{interval.low:+.3f}, {interval.high:+.3f}]", *after])
    rest = shared.shares[n_shown:]
    if rest:
        total = math.fsum(share.interval.value for share in rest)
        after = (f"{math.fsum(share.after[i] for share in rest):+.3f}" for i in range(len(_shown_after())))
        rows.append([f"the other {len(rest)}", f"{total:+.3f}", "", *after])
    return f"{title}\n{as_table(rows)}"


def _pairs(effects: Sequence[PairEffect]) -> str:
    rows = [["pair", "outcome", "verdict", "one", "other", "both", "interaction", "replicates"]]
    rows += [
        [
            f"{each.one_key.rpartition(':')[2]} + {each.other_key.rpartition(':')[2]}",
            each.outcome,
            each.verdict or "",
            *(f"{part.value:+.3f}" for part in (each.one, each.other, each.both)),
            _spread(each.interaction),
            str(each.both.n_played),
        ]
        for each in effects
    ]
    return as_table(rows)


def _spread(interval: Interval) -> str:
    return f"{interval.value:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"


def _numbers(name: str, interval: Interval) -> dict[str, object]:
    return {name: interval.value, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _shown_after() -> tuple[float, ...]:
    from keyterrain.analysis.decisive.sharing import SHOWN_AFTER

    return SHOWN_AFTER


def _about(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120.0 else f"{seconds / 60.0:.0f} min"
