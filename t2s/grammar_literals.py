"""Items of the grammar for literals: how a value is spelled. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from t2s.encoding import KEYWORD_IDS
from t2s.grammar_items import Item, Known, Step, View
from t2s.grammar_terms import DIGITS, NOTHING, Ids, Value, keywords
from t2s.ir_tree import DATE_WORDS

_MAX_DIGITS, _MAX_COUNT_DIGITS = 12, 4
_MAX_PARTS = 20  # a date and time by characters
_QUOTE, _POINT = KEYWORD_IDS["'"], KEYWORD_IDS["."]
_CHARACTERS = keywords(*"%_-/: ") | DIGITS | {_POINT}
_MODIFIERS = keywords(*DATE_WORDS) - keywords("now")


@dataclass(frozen=True, slots=True)
class _Digits(Known):
    """Further digits of a number, up to ``most``; ``required`` after a point."""

    count: int
    point: bool
    required: bool = False
    most: int = _MAX_DIGITS

    def first(self, view: View) -> Ids:
        del view
        if self.required:
            return DIGITS
        if self.count >= self.most:
            return NOTHING
        return DIGITS if self.point else DIGITS | {_POINT}

    def nullable(self, view: View) -> bool:
        del view
        return not self.required

    def step(self, view: View, token: int) -> Step:
        point = token == _POINT
        rest = replace(self, count=self.count + 1, point=self.point or point, required=point)
        return view, (rest,)

    def cost(self, view: View) -> int:
        del view
        return int(self.required)


@dataclass(frozen=True, slots=True)
class _SpanEnd(Known):
    """The last piece of a run of the question that ``start`` opened."""

    start: int
    sort: str

    def first(self, view: View) -> Ids:
        return view.terms.span_ends(self.start, self.sort)

    def step(self, view: View, token: int) -> Step:
        del token
        return view, ()


@dataclass(frozen=True, slots=True)
class _TextBody(Known):
    """What stands between quotes, and the closing quote."""

    parts: int = 0

    def first(self, view: View) -> Ids:
        if self.parts >= _MAX_PARTS:
            return frozenset((_QUOTE,))
        key = ("text",)
        found = view.terms.remembered.get(key)
        if found is None:
            found = _CHARACTERS | {_QUOTE} | view.terms.pieces | frozenset(view.terms.values)
            view.terms.remembered[key] = found
        return found

    def step(self, view: View, token: int) -> Step:
        if token == _QUOTE:
            return view, ()
        rest = _TextBody(self.parts + 1)
        if token in view.terms.pieces:
            return view, (_SpanEnd(token, "text"), rest)
        return view, (rest,)


def read_literal(view: View, token: int, sort: str = "number") -> Step:
    """The items after the id that opens a literal; the view knows its kind."""
    if token == _QUOTE:
        return view.with_last(Value("text", literal=True)), (_TextBody(),)
    value = view.terms.values.get(token)
    if value is not None:
        return view.with_last(Value("number" if value.is_number else "text", literal=True)), ()
    view = view.with_last(Value("number", literal=True))
    if token in DIGITS:
        whole = sort == "integer"
        return view, (_Digits(1, whole, most=_MAX_COUNT_DIGITS if whole else _MAX_DIGITS),)
    return view, (_SpanEnd(token, sort),)


@dataclass(frozen=True, slots=True)
class LiteralOnly(Item):
    """A literal and nothing else: a member of IN, or a count of rows."""

    against: Value | None
    sort: str = "any"

    def first(self, view: View) -> Ids:
        """Ids that open it."""
        return view.terms.literals(self.against, self.sort)

    def step(self, view: View, token: int) -> Step:
        """Spell it."""
        return read_literal(view, token, "integer" if self.sort == "integer" else "number")

    def cost(self, view: View) -> int:
        """A digit, or an empty text."""
        return 1 if DIGITS & self.first(view) else 2


@dataclass(frozen=True, slots=True)
class DateWord(Item):
    """A modifier of a date function."""

    def first(self, view: View) -> Ids:
        """Keywords such as ``start of month``, or any text."""
        del view
        return _MODIFIERS | {_QUOTE}

    def step(self, view: View, token: int) -> Step:
        """A keyword is whole; a text is spelled."""
        return read_literal(view, token) if token == _QUOTE else (view, ())
