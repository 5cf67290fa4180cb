"""Digests that say whether two runs played the same thing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any

from keyterrain.theatre.folder import FolderContents
from keyterrain.theatre.nouns import Situation
from keyterrain.theatre.quantity import Quantity
from keyterrain.theatre.schema import CLAIMS_FILE


def of_files(contents: FolderContents) -> str:
    """Return the SHA-256 over the bytes of all files that runs from any start may depend on, in the order of their names."""
    digest = hashlib.sha256()
    for name in sorted(set(contents.files) - {CLAIMS_FILE}):
        content = contents.files[name].content
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def of_situation(situation: Situation) -> str:
    """Return the SHA-256 of what one run may see: the same for any order of rows and whatever the record says of later days."""
    digest = hashlib.sha256(json.dumps(_plain(situation), sort_keys=True, ensure_ascii=False).encode())
    digest.update(situation.terrain_path.read_bytes())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    match value:
        case Quantity():
            plain: Any = [value.text, value.grade]
        case Mapping():
            plain = [[_plain(key), _plain(value[key])] for key in sorted(value)]
        case frozenset():
            plain = sorted(value)
        case tuple():
            plain = [_plain(part) for part in value]
        case date():
            plain = value.isoformat()
        case Path():
            plain = None
        case _ if is_dataclass(value):
            plain = {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
        case _:
            plain = value
    return plain
