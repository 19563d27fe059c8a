"""Schema names as English words: nouns, their plurals, articles and ordinals. Pure; for ``t2s.explain``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from t2s.words import stem

_CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SAME_TEXT = """people children men women data staff equipment news series species media police sheep fish
    information feedback furniture software hardware history inventory weather traffic stock"""
_UNCHANGED = frozenset(_SAME_TEXT.split())
_IRREGULAR = {"person": "people", "child": "children", "man": "men", "woman": "women"}
_SINGULAR = {many: one for one, many in _IRREGULAR.items()} | {
    "buses": "bus",
    "lenses": "lens",
    "gases": "gas",
    "movies": "movie",
    "cookies": "cookie",
    "statuses": "status",
    "bonuses": "bonus",
    "analyses": "analysis",
}
_PLURAL = {one: many for many, one in _SINGULAR.items()}
# What a name of a table may begin with and no one says.
_PREFIXES = frozenset(("tbl", "dim", "fact"))
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_KEY_WORDS = frozenset(("id", "key", "fk", "ref", "no", "nr", "code", "number"))


def natural_name(name: str) -> str:
    """Return a schema name as words: "CustOrder_ID" -> "cust order ID"."""
    keeps_case = name != name.upper()
    words = _CAMEL.sub(" ", name).replace("_", " ").split()
    short = [keeps_case and word.isupper() and 1 < len(word) < 4 for word in words]
    return " ".join(w if kept else w.lower() for w, kept in zip(words, short, strict=True)) or name


def table_noun(name: str) -> str:
    """Return the words for one row of a table: "tbl_orders" -> "order"."""
    words = natural_name(name).split()
    if len(words) > 1 and words[0].lower() in _PREFIXES:
        words = words[1:]
    return singular(" ".join(words) or name)


def singular(noun: str) -> str:
    """Return a noun for one: "order items" -> "order item"."""
    head, last = _split(noun)
    low = last.lower()
    if low in _SINGULAR:
        return head + _SINGULAR[low]
    if low in _UNCHANGED or low in _PLURAL or not last.isascii() or not last.isalpha():
        return noun
    return head + last[: len(last) - 1] if low.endswith("ves") else head + stem(last)


def plural(noun: str) -> str:
    """Return a noun for several: "order item" -> "order items"; one in the plural stays as it is."""
    head, last = _split(noun)
    low = last.lower()
    if low in _PLURAL:
        return head + _PLURAL[low]
    if low in _UNCHANGED or low in _SINGULAR or not last.isascii() or not last.isalpha():
        return noun
    if singular(noun) != noun:
        return noun
    if last.isupper() or len(last) < 3:
        return f"{noun}s" if low != "is" else noun
    if low.endswith("sis"):
        return f"{noun[:-2]}es"
    if low.endswith("y") and low[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if low.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"


def _split(noun: str) -> tuple[str, str]:
    head, blank, last = noun.rpartition(" ")
    return head + blank, last


def role_noun(column: str) -> str:
    """Return what a referring column calls the row it refers to: "ManagerID" -> "manager"; "" for no word."""
    words = natural_name(column).split()
    while words and words[-1].lower() in _KEY_WORDS:
        words.pop()
    found = " ".join(words)
    if not any(map(str.isalpha, found)):
        return ""
    # "custid" and "airportcode" say it in one word.
    glued = re.fullmatch(r"(\w{3,})(?:id|code)", found)
    return glued[1] if glued and len(words) == 1 else found


def with_article(noun: str) -> str:
    """Return "an order", "a customer"."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}" if noun else noun


def ordinal(number: int) -> str:
    """Return "first" ... "ninth", "10th"."""
    if 1 <= number <= len(_ORDINALS):
        return _ORDINALS[number - 1]
    ending = (
        "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    )
    return f"{number}{ending}"


def join_words(parts: Sequence[str], last: str = "and") -> str:
    """Return "a", "a and b" or "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def capitalise(words: str) -> str:
    """Return a phrase as a sentence begins."""
    return words[:1].upper() + words[1:]
