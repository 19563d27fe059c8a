"""Text from strangers' files, as it can be shown or exported: hidden characters, formulas. Pure."""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")
# What draws nothing or changes what is drawn around it (Unicode 16, DerivedCoreProperties.txt, property
# Default_Ignorable_Code_Point, and UAX 9 for the marks of direction). Left out: variation selectors, which
# choose between forms of the character before them. Tags are part of some flags.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]"
    "|\r(?!\n)"
    # Joiners shape scripts and emoji; elsewhere they only hide.
    "|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
    "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0000-\U000e007f]+"
)
# OWASP, CSV injection; spreadsheets read the full-width forms as the others.
_FORMULA_START = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d+)*|\.\d+)(e[+-]?\d+)?%?", re.IGNORECASE)


def clean_text(text: str) -> str:
    """Return text that can be encoded: lone surrogates become U+FFFD."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def show_text(text: str) -> str:
    """Return text for the screen, with what cannot be seen made visible.

    Control characters become their symbols ("␛"); marks of direction, characters of no width and others
    that draw nothing become "[U+202E]". Line ends, tabs and joiners inside other scripts stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(_mark, clean_text(text))


def disarm(text: str) -> str:
    """Return a text that a spreadsheet does not run: a leading apostrophe where it begins like a formula.

    A text that is a number stays as it is.
    """
    armed = text.lstrip(" ").startswith(_FORMULA_START) and not _NUMBER.fullmatch(text)
    return f"'{text}" if armed else text


def name_headers(columns: tuple[str, ...], *, as_shown: bool = True) -> tuple[str, ...]:
    """Return distinct, non-empty headers: a repeated "name" becomes "name (2)".

    ``as_shown`` makes characters visible that cannot be seen.
    """
    clean = show_text if as_shown else clean_text
    taken: set[str] = set()
    headers = []
    for position, column in enumerate(columns, start=1):
        base = clean(column).strip() or f"column {position}"
        header, number = base, 2
        while header in taken:
            header, number = f"{base} ({number})", number + 1
        taken.add(header)
        headers.append(header)
    return tuple(headers)


def _mark(match: re.Match[str]) -> str:
    return "".join(_name(ord(character)) for character in match.group())


def _name(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    return "\N{SYMBOL FOR DELETE}" if code == 0x7F else f"[U+{code:04X}]"
