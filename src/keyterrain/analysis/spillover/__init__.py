"""Spillover or coincidence: whether dated events here are followed by events there more often than chance and trend explain.

answer = ask_spillover(table, SpilloverQuestion("country=Syria", "country=Lebanon"))
answer.verdict  # "connected", "coincidence" or "cannot tell"
"""

from keyterrain.analysis.spillover.answer import SpilloverAnswer, SpilloverQuestion
from keyterrain.analysis.spillover.incidents import NamedIncident
from keyterrain.analysis.spillover.question import SpilloverRefused, ask_spillover

__all__ = ["NamedIncident", "SpilloverAnswer", "SpilloverQuestion", "SpilloverRefused", "ask_spillover"]
