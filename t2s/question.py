"""What may be asked: bounds on a question, and a cheap test whether it is English. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from t2s.errors import PromptError
from t2s.words import fold

MAX_QUESTION_CHARACTERS = 2000  # a long paragraph; the embedded model reads about 600 of them
MAX_HISTORY = 3  # earlier questions that a follow-up may refer to

NOT_ENGLISH = "The model reads English; ask in English for a better answer."

# How people begin a question that leans on the one before, and words that point back at it. Over the hand-written
# training questions this finds 96 of 100 follow-ups and takes 22 of 100 others for one.
_LEANS_BACK = re.compile(
    r"^(and|but|or|also|now|then|so|only|just|same|what about|how about|what if|instead|sort|order|group|break|split"
    r"|make|include|add|exclude|without|leave|drop|limit|top|bottom|per|by|in|for|from|of|since|before|after|with"
    r"|which of|how many of|the)\b"
    r"|\b(it|its|they|them|their|theirs|those|these|that|this|ones?|same|instead|too|as well|each of|he|she|his|her)\b",
    re.IGNORECASE,
)
_SHORT_WORDS = 3  # "price by name": too short to stand alone for certain

_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = """a about all and any are at average by did do does each every find for from give had has have how
    in is it list many me more most much name of on or per show than that the their there these this
    those to total was were what when where which who whose with without"""
# Function words of Spanish, Portuguese, French, German, Italian and Dutch that are no English words.
_FOREIGN = """aus avec bei cada chaque che combien como cuando cual cuales cuantos cuantas dans das degli della
    delle dem der dos durch ein eine einen einer elle entre est fue gibt gli haben hay het hoeveel ich
    il ist jede jeder keine les liste mais mas mehr mostrar muestra nach nicht nombre noms ohne os para
    parmi pas por pour quais qual quale quali quante quanti quantos quantas que quel quelle quelles
    quels qui quien quienes sans sind sobre sono sont sur todas todos todo tous toutes um uma una und
    une uns veel viele voor wann welche welchen welcher welk welke wer werden wie wieviele zeige zijn
    zum"""
# Such words that also begin the names of people and places: Los Angeles, van Gogh, Rio de Janeiro.
_NAME_PARTS = "al das de del della der di dos el la las le les los un van von"


def check(question: str) -> str:
    """Return the question unaltered when it can be put to a model.

    Raises:
        PromptError: It is empty, too long or not text.
    """
    if not question.strip():
        raise PromptError("Type a question first, for example: how many rows are there?")
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise PromptError(
            f"The question has {len(question):,} characters and at most "
            f"{MAX_QUESTION_CHARACTERS:,} can be read; shorten it."
        )
    if not is_text(question):
        raise PromptError("The question holds characters that are not text; type it again.")
    return question


def follows_up(text: str) -> bool:
    """Guess whether a question in a conversation leans on earlier ones; one that stands alone must not."""
    text = text.strip()
    return bool(_LEANS_BACK.search(text)) or len(re.findall(r"\w+", text)) <= _SHORT_WORDS


def keep_recent(history: Sequence[str]) -> tuple[str, ...]:
    """Return the last earlier questions that could be read, oldest first."""
    readable = [
        earlier
        for earlier in history
        if earlier.strip() and len(earlier) <= MAX_QUESTION_CHARACTERS and is_text(earlier)
    ]
    return tuple(readable[-MAX_HISTORY:])


def is_text(question: str) -> bool:
    """Tell whether it can be encoded; lone surrogates (undecodable bytes of a terminal) cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in question)


def is_english(question: str) -> bool:
    """Guess whether it is English: not mostly other scripts, nor more foreign than English function words.

    A guess for a note beside the answer, so it leans to yes: one foreign name in a question is no sign.
    """
    words = [fold(word) for word in _WORD.findall(question)]
    other_script = sum(not any("a" <= letter <= "z" for letter in word) for word in words)
    if words and 2 * other_script > len(words):
        return False
    name_parts = set(_NAME_PARTS.split())
    certain = _count(words, set(_FOREIGN.split()) - name_parts)
    foreign = certain + _count(words, name_parts)
    return certain == 0 or foreign < 2 or foreign <= _count(words, set(_ENGLISH.split()))


def _count(words: Sequence[str], listed: set[str]) -> int:
    return sum(word in listed for word in words)
