"""Words of questions, schema names and cell values, in a form that can be compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?|\d+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NAME_WORD = re.compile(r"[^\W\d_]+|\d+|[#%$€£]")
_VOWELS = frozenset("aeiou")
_ENDINGS = ("ations", "ation", "ings", "ing", "ions", "ion", "ments", "ment", "ers", "er", "ed")

_STOP_TEXT = """
a about all also am an and any are as at be been being both but by can could did do does doing
done each either else ever every few for from get gets give given gives had has have having he
her here hers him his how i if in into is it its itself just let like list many me mine more
most much my no nor not of off on once one only or other our out over own per please pls same
she should show shows so some such tell than that the their theirs them then there these they
this those to too under until up us very was we were what when where which while who whom whose
why will with within without would you your yours whats hi hello find return display want need
know see thanks between during after before above below least last first top average avg total
sum count number minimum maximum min max highest lowest greater less fewer equal different
distinct
"""
STOP_WORDS = frozenset(_STOP_TEXT.split())


class Word(NamedTuple):
    """One word of a text: its comparable forms and the characters ``[start, end)`` it stands at.

    ``capital`` tells that all of its letters are capitals.
    """

    folded: str
    stem: str
    start: int
    end: int
    capital: bool = False


@lru_cache(maxsize=65536)
def name_words(name: str) -> str:
    """Return a schema name as lower-case words: ``CustomerID`` and ``customer_id`` as ``customer id``."""
    words = _NAME_WORD.findall(_CAMEL.sub(" ", name))
    return " ".join(words).lower() if words else name.lower()


def fold(text: str) -> str:
    """Return the text in lower case without accents and apostrophes."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in decomposed if not unicodedata.combining(c))
    return text.casefold().replace("'", "").replace("\u2019", "")


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return a folded word without its plural ending."""
    if len(word) <= 3 or word[-1] != "s" or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses", "zzes")):
        return word[:-2]
    return word[:-1]


@lru_cache(maxsize=50_000)
def root(word: str) -> str:
    """Return a stem without the commonest verb and noun endings; shorter than 4 letters never."""
    word = stem(word)
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def split_words(text: str) -> tuple[Word, ...]:
    """Return the words and digit runs of a text; "M-204" has two, "women's" one."""
    words = []
    for match in _WORD.finditer(text):
        folded = fold(match.group())
        capital = match.group().isupper()
        words.append(Word(folded, stem(folded), match.start(), match.end(), capital))
    return tuple(words)


def join_key(stems: Sequence[str]) -> str:
    """Return one comparable text for several stems: spaces and "and" do not count, digits keep apart."""
    key = ""
    for part in stems:
        if part == "and" and len(stems) > 1:
            continue
        key += "." + part if key and key[-1].isdigit() and part[0].isdigit() else part
    return key


def split_name(name: str) -> tuple[str, ...]:
    """Return the stems of a schema name, split at case changes, underscores and punctuation."""
    return tuple(word.stem for word in split_words(_CAMEL.sub(" ", name)))


@lru_cache(maxsize=200_000)
def abbreviates(short: str, word: str) -> bool:
    """Tell whether ``short`` is how people shorten ``word``: "qty", "dept", "cust", "nm".

    The first letters agree, and ``short`` is either a beginning of at least three letters or a
    subsequence whose consonants begin among the first three of the word.
    """
    if len(short) < 2 or len(word) < len(short) + 2 or short[0] != word[0]:
        return False
    if not (short.isalpha() and word.isalpha()):
        return False
    if word.startswith(short):
        return len(short) >= 3
    vowels = sum(c in _VOWELS for c in short[1:])
    if vowels > 1 or (vowels == 1 and len(short) != 4) or len(word) > 4 * len(short):
        return False
    consonants = [c for c in word[1:] if c not in _VOWELS]
    wanted = [c for c in short[1:] if c not in _VOWELS]
    if not wanted or wanted[0] not in consonants[:2]:
        return False
    letters = iter(word)
    return all(letter in letters for letter in short)
