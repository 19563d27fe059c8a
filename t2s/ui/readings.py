"""How a question was read, as Markdown: the question with marked words, and what each stands for. Pure.

A mark is a pair of brackets with a background, so that it reads without colour; a word that matched nothing has a
question mark inside, one that is not used a cross.
"""

from __future__ import annotations

from collections.abc import Sequence

from t2s.ui.markup import escape, shorten
from t2s.values import Mark

MAX_MEANING_CHARACTERS = 120
_SEPARATOR = " · "


def mark_question(question: str, marks: Sequence[Mark]) -> str:
    """Return the question on one line with its marks; ``marks`` in order and without overlap."""
    parts = []
    at = 0
    for mark in marks:
        if mark.start < at:
            continue  # what the question does not spell
        parts += [_escape_gap(question[at : mark.start]), _draw(mark, question)]
        at = mark.end
    parts.append(_escape_gap(question[at:]))
    return "".join(parts).strip()


def say_meanings(question: str, marks: Sequence[Mark]) -> str:
    """Return what each mark stands for, in one line of Markdown; "" when there is none."""
    said = [_say(mark, question) for mark in marks if mark.kind != "unknown"]
    unknown = [_quote(mark, question) for mark in marks if mark.kind == "unknown"]
    if unknown:
        ending = "es" if len(unknown) == 1 else ""
        said.append(f"{', '.join(unknown)} match{ending} no name or value here")
    return _SEPARATOR.join(said)


def _say(mark: Mark, question: str) -> str:
    meaning = escape(shorten(mark.meaning, MAX_MEANING_CHARACTERS))
    if mark.start < 0:
        return f"not in your words: {meaning}"
    said = _quote(mark, question)
    if mark.corrected:
        said += f" read as {escape(shorten(mark.corrected, MAX_MEANING_CHARACTERS))}"
    if mark.kind == "unused":
        return f"{said} → {meaning}, which this answer does not use"
    return f"{said} → {meaning}"


def _quote(mark: Mark, question: str) -> str:
    return f"**{escape(shorten(question[mark.start : mark.end], MAX_MEANING_CHARACTERS))}**"


def _draw(mark: Mark, question: str) -> str:
    word = escape(question[mark.start : mark.end])
    if mark.kind == "unknown":
        return f":orange-background[\\[{word} ?\\]]"
    if mark.kind == "unused":
        return f":gray-background[\\[{word} ✗\\]]"
    return f":blue-background[\\[{word}\\]]"


def _escape_gap(text: str) -> str:
    """Return text between marks; ``escape`` drops the spaces at its ends, which are kept here."""
    before = " " if text[:1].isspace() else ""
    after = " " if len(text) > 1 and text[-1:].isspace() else ""
    return f"{before}{escape(text)}{after}"
