"""What commands print came from plans, states and services: no name steers the terminal, and none breaks the output."""

import io
import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_SUSPICIOUS = re.compile(r"[^\n\t -~]")
_STEERING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of control and format characters, of halves of characters, and of what ends a line."""


def printable(text: str, encoding: str = "utf-8") -> str:
    """The text with an escape for every character that steers or that `encoding` lacks: `\\x1b`, `\\u202e`."""
    shown = _SUSPICIOUS.sub(lambda found: _shown(found.group()), text)
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def _shown(character: str) -> str:
    if unicodedata.category(character) not in _STEERING:
        return character
    return character.encode("unicode_escape").decode("ascii")


@contextmanager
def printing_safely() -> Iterator[None]:
    """Standard output and error of whatever runs inside."""
    out, error = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Safe(out), _Safe(error)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, error


class _Safe(io.TextIOBase):
    """A stream that writes printable text to another. It is no terminal, so nothing styles what it is given."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the stream behind it."""
        return self._stream.encoding or "utf-8"

    def write(self, text: str) -> int:
        """Give all of it on."""
        self._stream.write(printable(text, self.encoding))
        return len(text)

    def flush(self) -> None:
        """Of the stream behind it."""
        self._stream.flush()

    def fileno(self) -> int:
        """Of the stream behind it."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """Always."""
        return True
