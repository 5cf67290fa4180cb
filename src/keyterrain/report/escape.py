"""The one way by which a string comes into a page."""

from __future__ import annotations

import html
import json


def html_text(value: object) -> str:
    """Return text that is safe between tags, in quoted attributes, and in the labels of figures, which read entities too."""
    return html.escape(str(value), quote=True)


def json_text(value: object) -> str:
    """Return JSON that cannot end the script element it stands in; a number that is none is refused.

    Raises
    ------
    ValueError
        For nan and infinity, which are no JSON.
    """
    plain = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return (
        plain.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )
