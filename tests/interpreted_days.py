"""Days played by the interpreter from copies of the package that were tampered with, and the laws that they break.

    python interpreted_days.py REQUEST.json

The request names the folder of a copy of the package, records as they were saved, and faults as (file, old text, new text);
printed is, for the package as it is and for each fault, what was found. Run with NUMBA_DISABLE_JIT=1.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

SEED = 7


class Draws:
    """Counts how often each random number is looked at; a number is (replicate, process, day, entity, draw, which of four)."""

    def __init__(self, luck_module: Any) -> None:
        self.uses: Counter[tuple[Any, ...]] = Counter()
        self._uniforms = luck_module.uniforms
        luck_module.uniforms = self.uniforms

    def uniforms(self, luck: Any, process: int, day: int, entity: int, draw: int) -> Any:
        address = (int(luck.replicate), process, int(day), int(entity), int(draw))
        return _Watched(self._uniforms(luck, process, day, entity, draw), address, self.uses)


class _Watched:
    def __init__(self, four: Any, address: tuple[int, ...], uses: Counter[tuple[Any, ...]]) -> None:
        self._four, self._address, self._uses = four, address, uses

    def __getattr__(self, name: str) -> float:
        self._uses[*self._address, name] += 1
        return float(getattr(self._four, name))


@contextmanager
def tampered(source: Path, file: str, old: str, new: str) -> Iterator[None]:
    """Replace a text in one file of a package, and put it back."""
    path = source / file
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ValueError(f"{old!r} stands {text.count(old)} times in {file}")
    path.write_text(text.replace(old, new), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


def play(request: dict[str, Any]) -> dict[str, Any]:
    """Play some replicates day by day with the package as it now stands in its folder."""
    for name in [name for name in sys.modules if name.split(".")[0] == "keyterrain"]:
        del sys.modules[name]
    importlib.invalidate_caches()
    luck_module = importlib.import_module("keyterrain.dynamics.luck")
    draws_used = Draws(luck_module)
    day_module = importlib.import_module("keyterrain.campaign.day")
    audit_module = importlib.import_module("keyterrain.dynamics.audit")
    state_module = importlib.import_module("keyterrain.dynamics.state")
    worlds, draws = (np.load(request[name]).view(np.recarray) for name in ("world", "draws"))
    w = worlds[0]
    s = np.zeros(1, state_module.state_type(state_module.capacities({}))).view(np.recarray)[0]
    strengths, broken = [], set()
    for i in range(len(draws)):
        luck = luck_module.Luck(np.uint64(SEED), np.uint64(i))
        day_module.first_evening(w, draws[i], s)
        day_module.open_roads(w, draws[i], luck, s)
        fighters = [audit_module.n_fighters(w, s, actor) for actor in range(w.n_actors)]
        people = audit_module.n_people(w, s)
        for day in range(1, request["days"] + 1):
            day_module.play_day(day, w, draws[i], luck, s)
            finding = audit_module.audit(w, s, fighters, people)
            if finding.breach != audit_module.SOUND:
                broken.add(f"conservation {int(finding.breach)}")
                break
            if not np.array_equal(s.n_marching, s.marching.sum(axis=(0, 2))):
                broken.add("bodies on the way")
        strengths.append(s.strength[: w.n_actors, : w.n_places].tolist())
    if any(n > 1 for n in draws_used.uses.values()):
        broken.add("a draw used twice")
    return {"broken": sorted(broken), "strength": strengths, "n_draws": len(draws_used.uses)}


def main(request_path: str) -> None:
    request = json.loads(Path(request_path).read_text(encoding="utf-8"))
    source = Path(request["source"])
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(source))
    answers = [play(request)]
    for file, old, new in request["faults"]:
        with tampered(source, file, old, new):
            answers.append(play(request))
    print(json.dumps(answers))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
