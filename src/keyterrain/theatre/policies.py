"""How a side may conduct operations: the named policies and what each means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """What a policy allows: operations at once, least chance, ratio to mass, days of preparation, largest target in sectors."""

    slots: int
    p_least: float
    ratio: float
    prep_days: int
    most_sectors: int


POLICY_RULES: Mapping[str, PolicyRule] = MappingProxyType(
    {
        # assumption throughout: contrasts in slots, caution and preparation, not measured tempos
        "piecemeal": PolicyRule(slots=1, p_least=0.60, ratio=3.0, prep_days=7, most_sectors=99),
        "broad": PolicyRule(slots=4, p_least=0.40, ratio=1.5, prep_days=3, most_sectors=99),
        "raid": PolicyRule(slots=2, p_least=0.55, ratio=2.0, prep_days=2, most_sectors=2),
        "hold": PolicyRule(slots=0, p_least=1.0, ratio=99.0, prep_days=99, most_sectors=0),
    }
)
MOST_SLOTS = max(rule.slots for rule in POLICY_RULES.values())
