"""Words of questions that ask for a construct of SQL, and how that construct shows in a statement. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec"
)

# What people say, by construct. The lists lean to catching too much: a cue is evidence, not a rule.
_SAID = {
    "count": r"how many|number of|\bcounts?\b|\bno\.? of\b|\bnumbers?\b|#",
    "average": r"\baverage|\bavg\b|\bmean\b|\btypical",
    "sum": r"\btotals?\b|\bsum\b|altogether|in all\b|overall|combined|\bhow much\b|\badd up\b",
    "high": r"\b(highest|most|maximum|max|largest|biggest|top|latest|newest|best|longest|oldest|greatest|dearest"
    r"|heaviest|tallest|priciest|last|recent|fastest|strongest|furthest|leading|record)\b",
    "low": r"\b(lowest|least|minimum|min|smallest|cheapest|earliest|fewest|shortest|youngest|worst|lightest|bottom"
    r"|slowest|first|nearest|poorest|weakest)\b",
    "group": r"\b(per|by|each|every|across|split|distribution)\b|broken? (down|out)|\bfor all\b",
    "distinct": r"\b(different|distinct|unique|various|kinds of|types of|list of)\b",
    "negation": r"\b(not?|never|without|except|excluding|other than|apart from|none|non|nobody|lack|lacking|missing"
    r"|but|neither|nor|isnt|arent|havent|hasnt|didnt|dont|doesnt|wasnt|werent|leaving out|ignoring|besides"
    r"|outside|un\w+)\b|n't",
    "either": r"\b(or|and|either)\b|[/,]",
    "percent": r"percent|percentage|\bshare\b|%|proportion|\brate\b|\bpct\b|fraction",
    "order": r"\bsort|\border(ed)? by\b|\brank|alphabetical|ascending|descending|\b(first|last|top|bottom)\b|a-z"
    r"|from .* to|most to least",
    "null": r"missing|blank|unknown|\bno\b|without|\bempty\b|not (yet )?\w+|\bnull\b|never|open|still|pending"
    r"|outstanding|\bun\w+|n't|isnt|hasnt|havent|lack",
    "date": rf"\b(19|20)\d\d\b|\b({_MONTHS}|month|monthly|year|yearly|annual|quarter|week|day|daily|weekday|date"
    r"|spring|summer|autumn|winter|since|before|after|until|during|nineties|eighties|century|when)\b"
    r"|\d\d?[./]\d\d?[./]\d",
    "difference": r"difference|\bminus\b|less|more than|\bgap\b|between|discount|margin|profit|\bover\b|after|under"
    r"|\bdrop|change|\bgain|\bloss|spread|\bleft\b|remaining|exceed|above|below|net of|how long|days|\blate\b"
    r"|overdue|saved|savings|markup|beyond",
    "ratio": r"\bper\b|ratio|for each\b|apiece|\bunit\b|average|share|percent|%|\brate\b|\bpct\b|hours|kilo|divided"
    r"|times",
    "product": r"revenue|turnover|worth|value|sales|total|amount|times|cost|spend|spent|earn|income|takings|made"
    r"|bring|brought|price|sold|percent|%|share|\bpct\b|proportion|\brate\b",
    "above": r"more than|over|above|at least|greater|exceed|or more|higher|bigger|longer|older|after|since|beyond"
    r"|\bup\b|from|minimum|past|>|later|upwards|heavier|larger|plus|\+|better|newer|faster",
    "below": r"less than|under|below|at most|fewer|or less|lower|smaller|shorter|younger|before|until|up to|<"
    r"|cheaper|earlier|maximum|within|no more|lighter|slower|worse|\bby\b",
    "intersect": r"\b(both|and|also|as well|too)\b",
    "beyond average": r"average|\bavg\b|\bmean\b|usual|typical",
    "star": r"details|everything|\ball\b|show me|records?\b|about",
    "bands": r"\bband|bucket|group|split|range|categor|bracket|cheap|, ",
    "left": r"\bany\b|\bnone\b|including|even|\ball\b|zero|every|each",
    "pattern": r"start|begin|\bend|contain|with|includ|letter|like|word|called|named|mention|\b(in|about|for|from|of)\b",
}
SAID: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _SAID.items()}
)

# How it shows in a statement whose tokens stand apart by one blank, keywords in capitals.
_WRITTEN = {
    "count": r"\bCOUNT \(",
    "average": r"\bAVG \(",
    "sum": r"\bSUM \(",
    "group": r"\bGROUP BY\b",
    "distinct": r"\bDISTINCT\b",
    "negation": r"\bNOT\b|<>|!=|\bEXCEPT\b|\bIS NULL\b",
    "either": r"\bOR\b|\bIN \( ['\d]|\bUNION\b",
    "percent": r" 100(\.0)? ",
    "order": r"\bORDER BY\b",
    "null": r"\bIS NULL\b",
    "date": r"\bSTRFTIME\b|\bDATE \(|\bJULIANDAY\b|\bSUBSTR\b|'\d{4}-\d\d",
    "difference": r" - ",
    "ratio": r" / ",
    "product": r"[\w\")] \* [\w\"(]",
    "above": r" >",
    "below": r" <(?!>)|\bBETWEEN\b",
    "intersect": r"\bINTERSECT\b",
    "beyond average": r"\( SELECT AVG\b",
    "star": r"^SELECT \*",
    "left": r"\bLEFT JOIN\b",
    "pattern": r"\bLIKE\b",
}
WRITTEN: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {name: re.compile(pattern) for name, pattern in _WRITTEN.items()}
)
ASKS_FOR_ONE = re.compile(
    r"\b(who|which \w+ (is|has|was|had)|what is|whats|the (most|highest|lowest|biggest|oldest))\b",
    re.IGNORECASE,
)
_SPELLED = "one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 ten=10 twelve=12 dozen=12 twenty=20 hundred=100"
NUMBER_WORDS: Mapping[str, str] = MappingProxyType(
    dict(pair.split("=") for pair in _SPELLED.split())
)
