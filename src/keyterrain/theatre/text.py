"""Bytes of a scenario's file to text: UTF-8, with or without a byte-order mark, any line ends, no NUL."""

from __future__ import annotations

from keyterrain.theatre.faults import Fault


class UnreadableText(Exception):
    """Bytes that are no usable text, with the fault that says so."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(str(fault))


def decode(file: str, content: bytes) -> str:
    """Return the text of a file.

    Raises
    ------
    UnreadableText
        Naming the byte and the line where the encoding breaks.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableText(Fault(file, 1, None, "is encoded in UTF-16; save it as UTF-8"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line_of(content, error.start)
        byte = f"byte 0x{content[error.start]:02x} at position {error.start}"
        raise UnreadableText(Fault(file, line, None, f"is not in UTF-8: {byte}; save it as UTF-8")) from None
    position = text.find("\0")
    if position >= 0:
        raise UnreadableText(Fault(file, _line_of(text.encode(), len(text[:position].encode())), None, "holds a NUL character"))
    if not text.strip():
        raise UnreadableText(Fault(file, 1, None, "the file is empty"))
    return text


def _line_of(content: bytes, position: int) -> int:
    before = content[:position].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1
