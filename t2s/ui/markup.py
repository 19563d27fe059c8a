"""Text of strangers inside Streamlit labels, which are Markdown. Pure."""

from __future__ import annotations

import re

from t2s.present_text import show_text

MAX_LABEL_CHARACTERS = 1000  # a longer name or message would bury the page
# A character of no width that keeps two others from being read together.
_WORD_JOINER = "\u2060"
_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$&=^\"'])")
# :red[..], :material/..: and :smile: as well as mail and web addresses are found after escapes were
# resolved, so a backslash does not stop them.
_LATE = re.compile(r"(:|@|\bwww)(?=\S)", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


def escape(text: str) -> str:
    """Return Markdown on one line that reads as exactly ``text``: no emphasis, links, HTML, icons or maths.

    What cannot be seen is made visible, and what is longer than a page can hold is cut.
    """
    line = shorten(_SPACES.sub(" ", show_text(text)).strip(), MAX_LABEL_CHARACTERS)
    escaped = _PUNCTUATION.sub(r"\\\1", line)
    return _LATE.sub(rf"\1{_WORD_JOINER}", escaped)


def shorten(text: str, max_characters: int) -> str:
    """Return ``text``, cut with an ellipsis when longer."""
    return text if len(text) <= max_characters else text[: max_characters - 1].rstrip() + "…"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return "1 row", "2,000 rows" or, with ``plural``, another ending."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
