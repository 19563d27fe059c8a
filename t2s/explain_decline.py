"""Why a question was declined, in one sentence: what was asked for and is not there, and what is. Pure.

Covered: requests to change data, small talk, and words that name nothing in the database. Not covered: a question whose
every word is known and that still has no answer; its sentence only says what there is.
"""

from __future__ import annotations

from t2s.explain_nouns import join_words
from t2s.values import Links, Schema
from t2s.words import STOP_WORDS, Word, root, split_name, split_words

MAX_TABLES_NAMED = 8
MAX_PHRASES = 3
_MIN_LETTERS = 3

# Verbs that begin a request to change something.
_CHANGES_TEXT = """add alter amend append approve assign archive block book cancel change close correct create deactivate decrease
    delete demote drop edit enrol enroll erase fix hire increase insert lower mark merge modify move pay promote
    purge raise refund register reject remove rename replace reset restore send set swap transfer truncate undo update
    upgrade wipe write"""
_CHANGES = frozenset(_CHANGES_TEXT.split())
_BEFORE_TEXT = "please pls can could you would now kindly just and then i want to lets"
_BEFORE_CHANGES = frozenset(_BEFORE_TEXT.split())
# Words of questions and conversation that name no thing; beside the stop words of linking.
_PLAIN_TEXT = """across actually again ago already always amount another anybody anyone anything apart around ask away back bad
    based become began begin behind belong best better beyond big bring call came cannot cant case certain check
    come compare compute contain could current currently data database day detail dont down during early earn easy
    else enough entire entry especially even exact exactly example except exist far fetch field figure fine follow
    found full further general go good got great group guess half happen happened hard hello help here hey high
    hold however include info information instead interesting item joke keep kind know large last late later latest
    lately leave left let likely line little long look lot low made main make many matter maybe mean meanwhile
    might month most move much must name near nearly necessary need never new next nice night none normal nothing
    now occur often okay old one open order ordinary others otherwise overall part past people per percent
    perhaps person pick place plain plan possible pretty previous probably produce proper provide put question
    quick quite rate rather real really recent recently record relate report right row run said same say second
    seem seen select separate set several short simple simply since single sometime sometimes somehow someone something
    sort special still stuff sure table take taken talk thank thing think thought three time today together tomorrow
    tonight too took two type typical unit unusual us usual usually value various version via want way week well
    went whether whole wonder word work worst write wrong year yes yesterday yet good morning evening afternoon
    appear cost sent use used won
    bye cool awesome nah nope yep hiya usual weird"""
_PLAIN = frozenset(_PLAIN_TEXT.split()) | STOP_WORDS


def decline(schema: Schema, question: str = "", links: Links | None = None) -> str:
    """Return the sentence for a question that a database cannot answer: what is missing, and what there is instead.

    Args:
        schema: What there is.
        question: As typed.
        links: What its words were found to mean; None when nothing was looked for.
    """
    words = split_words(question)
    there = _say_tables(schema)
    if asks_for_change(words):
        return f"Here the data is only read, never changed; ask what is in it: it has {there}."
    phrases = list_unknown(question, words, schema, links or Links())
    if phrases:
        return f"Nothing in this database seems to be about {join_words(phrases, 'or')}; it has {there}."
    return f"That cannot be answered from this database; it has {there}."


def asks_for_change(words: tuple[Word, ...]) -> bool:
    """Tell whether the first word that matters is a verb that changes something."""
    for word in words:
        if word.folded not in _BEFORE_CHANGES:
            return word.folded in _CHANGES
    return False


def list_unknown(
    question: str, words: tuple[Word, ...], schema: Schema, links: Links
) -> tuple[str, ...]:
    """Return the runs of words, as typed, that name no table, column or cell; at most ``MAX_PHRASES``."""
    known = _list_roots(schema)
    spans = [(name.start, name.end) for name in links.names]
    spans += [(value.start, value.end) for value in links.values]  # (-1, -1) meets no word
    phrases: list[tuple[int, int]] = []
    run_end = -1
    for word in words:
        unknown = (
            len(word.folded) >= _MIN_LETTERS
            and word.folded.isalpha()
            and not _is_plain(word)
            and root(word.folded) not in known
            and not any(start < word.end and word.start < end for start, end in spans)
        )
        if not unknown:
            continue
        if run_end >= 0 and question[run_end : word.start].isspace():
            phrases[-1] = (phrases[-1][0], word.end)
        else:
            phrases.append((word.start, word.end))
        run_end = word.end
    found = list(dict.fromkeys(question[start:end] for start, end in phrases))
    # "ordered", "toured": what was done tells less than what it was done to.
    telling = [phrase for phrase in found if not phrase.endswith("ed")]
    return tuple(telling or found)[:MAX_PHRASES]


def _is_plain(word: Word) -> bool:
    return not {word.folded, word.stem}.isdisjoint(_PLAIN)


def _list_roots(schema: Schema) -> frozenset[str]:
    names = [name for table in schema.tables for name in (table.name, table.nl_name)]
    names += [n for table in schema.tables for c in table.columns for n in (c.name, c.nl_name)]
    return frozenset(root(part) for name in names for part in split_name(name))


def _say_tables(schema: Schema) -> str:
    names = [table.name for table in schema.tables]
    listed = names[:MAX_TABLES_NAMED]
    if len(names) > len(listed):
        listed.append(f"{len(names) - len(listed)} more")
    return (
        f"the table{'' if len(names) == 1 else 's'} {join_words(listed)}" if names else "no tables"
    )
