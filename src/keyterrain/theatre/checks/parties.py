"""Sides, what they are to each other, and who fights for them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from keyterrain.theatre.draft import Draft, Row
from keyterrain.theatre.faults import Fault, shown
from keyterrain.theatre.policies import POLICY_RULES
from keyterrain.theatre.schema import CLAIM, SETTINGS_FILE, WEIGHT_TOLERANCE


def there_are_sides(draft: Draft) -> Iterator[Fault]:
    """A conflict has at least two sides."""
    if draft.tables["sides"].is_readable and len(draft.rows("sides")) < 2:
        yield Fault(SETTINGS_FILE, None, "sides", "a conflict has at least two sides")


def every_pair_has_one_relation(draft: Draft) -> Iterator[Fault]:
    """Every pair of sides is related once, and no side to itself."""
    seen: dict[frozenset[str], int] = {}
    for row in draft.rows("relations"):
        if not row.has("side", "other"):
            continue
        pair = frozenset((row.get("side"), row.get("other")))
        if len(pair) == 1:
            yield row.fault("", f"relates {shown(row.get('side'))} to itself")
        elif pair in seen:
            yield row.fault("", f"relates {' and '.join(sorted(pair))} twice, first in row {seen[pair]}")
        seen.setdefault(pair, row.line)
    yield from _missing_relations(draft, {pair for pair in seen if len(pair) == 2})


def _missing_relations(draft: Draft, related: set[frozenset[str]]) -> Iterator[Fault]:
    sides = {row.get("side"): row for row in draft.rows("sides") if row.has("side")}
    if not draft.tables["relations"].is_readable:
        return
    lonely = {side for side in sides if not any(side in pair for pair in related)}
    for side in sorted(lonely):
        yield sides[side].fault("", f"the side {shown(side)} has no relations: every pair of sides needs one")
    for one, other in combinations(sorted(sides), 2):
        if frozenset((one, other)) not in related and not {one, other} & lonely:
            yield Fault(SETTINGS_FILE, None, "relations", f"the relation of {one} and {other} is missing")


def somebody_is_hostile(draft: Draft) -> Iterator[Fault]:
    """Without hostile sides nothing happens (warning)."""
    if draft.rows("relations") and not any(row.get("relation") == "hostile" for row in draft.rows("relations")):
        yield Fault(SETTINGS_FILE, None, "relations", "no two sides are hostile: nothing will happen")


def _sides_that_are(draft: Draft, *, active: bool) -> dict[str, Row]:
    return {row.get("side"): row for row in draft.rows("sides") if row.has("side") and row.get("posture") is active}


def passive_sides_do_nothing(draft: Draft) -> Iterator[Fault]:
    """A passive side has no actors, policies, aims or corridors."""
    passive = _sides_that_are(draft, active=False)
    for table in ("actors", "policies", "aims", "corridors"):
        for row in draft.rows(table):
            if row.get("side") in passive:
                column = "side" if table in ("actors", "corridors") else ""
                yield row.fault(column, f"{shown(row.get('side'))} is passive: it has no {table}")


def outcomes_are_wanted_by_sides_that_act(draft: Draft) -> Iterator[Fault]:
    """Whoever wants an outcome does something for it."""
    passive = _sides_that_are(draft, active=False)
    for row in draft.rows("outcomes"):
        if row.get("wanted_by") in passive:
            yield row.fault(
                "wanted_by", f"{shown(row.get('wanted_by'))} is passive: it has no policy by which to get what it wants"
            )


def active_sides_know_what_they_want(draft: Draft) -> Iterator[Fault]:
    """Every active side has a policy and aims."""
    for table in ("policies", "aims"):
        given = {row.get("side") for row in draft.rows(table)}
        for side, row in _sides_that_are(draft, active=True).items():
            if draft.tables[table].is_readable and side not in given:
                yield row.fault("", f"the active side {shown(side)} has no {table}")


def odds_sum_to_one(draft: Draft) -> Iterator[Fault]:
    """The odds of a side's policies sum to 1."""
    for row in draft.rows("policies"):
        if row.has(*POLICY_RULES):
            total = sum(row.get(name) for name in POLICY_RULES)
            if abs(total - 1) > WEIGHT_TOLERANCE:
                yield row.fault("", f"the odds sum to {total:.6g} and not to 1")


def active_sides_can_fight(draft: Draft) -> Iterator[Fault]:
    """An active side without actors or supply can do little (warning)."""
    for table, lack in (("actors", "no actors"), ("supply", "no supply")):
        served = {row.get("side") for row in draft.rows(table)}
        for side, row in _sides_that_are(draft, active=True).items():
            if draft.tables[table].is_readable and side not in served:
                yield row.fault("", f"the active side {shown(side)} has {lack}")


def forces_stand_somewhere(draft: Draft) -> Iterator[Fault]:
    """Fighters are an actor's and at a place; a claim is about a region and has none."""
    sides, actors = draft.names("side") or frozenset(), draft.names("actor") or frozenset()
    for row in draft.rows("forces"):
        is_claim = row.get("kind") == CLAIM
        if not row.has("kind", "actor", "place"):
            continue
        if is_claim and row.get("place"):
            yield row.fault("place", "a claim about a total names its region, not a place")
        if not is_claim and not row.get("place"):
            yield row.fault("place", "is blank: where are they?")
        if not is_claim and row.get("actor") in sides - actors:
            yield row.fault("actor", f"{shown(row.get('actor'))} is a side; only a claim can be about a whole side")


def guests_have_origins(draft: Draft) -> Iterator[Fault]:
    """Residents are at home: only guests come from elsewhere."""
    for row in draft.rows("people"):
        if row.get("group") == "residents" and row.get("origin"):
            yield row.fault("origin", "residents have no origin; guests have")
        elif row.get("origin") and row.get("origin") == row.get("place"):
            yield row.fault("origin", "guests do not come from the place where they are")
