"""How the cells of a written database are filled: a small notation, seeded by the database's name."""

from __future__ import annotations

import datetime
import random
import re
from dataclasses import dataclass, field

ISO_DATE = "%Y-%m-%d"
ISO_TIME = "%Y-%m-%d %H:%M:%S"
FORMATS = (
    ISO_DATE,
    ISO_TIME,
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d %b %Y",
    "%Y%m%d",
    "%H:%M",
)
UNITS = {"days": 86_400, "hours": 3_600, "minutes": 60}
WEIGHTED = re.compile(r'("[^"]*"|[^"]*):([\d.]+)')

_FIRST_NAMES_TEXT = """
Aisha Alan Alma Amelie Andre Anita Anna Arjun Beatriz Ben Bruno Carla Cem Chidi Chloe Dana David
Deepa Diego Dora Edith Elif Emil Emma Erik Esther Fatima Felix Finn Gina Grace Hana Harry Hugo Ida
Imran Ines Ivan Jack Jana Joao Jonas Julia Kaito Karen Kofi Lars Laura Leila Leo Lina Lucia Marco
Maria Marta Max Mei Mia Milan Mohamed Nadia Nina Noah Olga Omar Oscar Pavel Petra Priya Quentin
Rosa Ruth Sam Sana Sofia Stefan Suki Tariq Theo Tom Uma Vera Victor Wanda Yara Yusuf Zoe
"""
FIRST_NAMES = tuple(_FIRST_NAMES_TEXT.split())
_LAST_NAMES_TEXT = """
Abbott Achterberg Ahmed Albrecht Almeida Andersen Baker Banerjee Barros Bauer Becker Bianchi
Brennan Carter Chan Clarke Costa Cruz Dahl Danso Diaz Dubois Duarte Eriksen Evans Farkas Fischer
Fontaine Ford Garcia Gill Gomez Grant Gupta Haddad Hall Hansen Hayes Hoffmann Horvat Hughes
Ibrahim Ito Jansen Jensen Kaya Keller Khan Kim Kowalski Kumar Lang Larsen Lee Lopez Maier Mensah
Mills Moretti Murphy Nakamura Nguyen Novak Nowak Okafor Olsen Ortiz Osei Park Patel Perez Petrov
Price Quinn Reyes Ricci Roberts Rossi Sato Schmidt Shah Silva Singh Stone Suzuki Tanaka Turner
Vargas Vogel Walsh Weber Wood Yilmaz Young Zhang
"""
LAST_NAMES = tuple(_LAST_NAMES_TEXT.split())
STREETS = (
    "Mill Lane",
    "High Street",
    "Station Road",
    "Church Walk",
    "Park Avenue",
    "Harbour View",
    "Elm Close",
    "Bridge Street",
    "Kings Road",
    "Orchard Way",
    "Castle Hill",
    "Queensway",
    "Meadow Drive",
    "Abbey Road",
    "The Green",
    "Canal Side",
)


class FillError(ValueError):
    """A fill that cannot be understood; the message says which."""


@dataclass(slots=True)
class Filler:
    """Makes cells, one at a time; remembers those made, for references."""

    seed: str
    rng: random.Random = field(init=False)
    made: dict[str, list[object]] = field(default_factory=dict)
    fills: dict[str, str] = field(default_factory=dict)  # of the table being filled, by column

    def __post_init__(self) -> None:
        """Seed the generator by the database's name."""
        self.rng = random.Random(self.seed)

    def chance(self, share: float) -> bool:
        """Return True for a share of the calls, in [0, 1]."""
        return share > 0 and self.rng.random() < share

    def keep(self, table: str, column: str, cell: object) -> None:
        """Remember a cell so that later tables can refer to it."""
        self.made.setdefault(f"{table}.{column}".casefold(), []).append(cell)

    def cell(
        self, fill: str, kind: str, row: int, cells: dict[str, object], nulls: float
    ) -> object:
        """Return the cell of ``row`` (from 0); ``cells`` are those of its row already made.

        Raises:
            FillError: the fill is unknown or its arguments do not fit.
        """
        if fill.startswith("calc ") or self.chance(nulls):
            return None
        verb, _, rest = fill.partition(" ")
        try:
            made = self._made(verb, rest.strip(), row, cells)
        except (ValueError, IndexError, KeyError) as error:
            raise FillError(f"the fill {fill!r} cannot be used here ({error})") from error
        return _typed(made, kind)

    def _made(self, verb: str, rest: str, row: int, cells: dict[str, object]) -> object:
        words = rest.split()
        match verb:
            case "serial":
                return row + int(words[0] if words else 1)
            case "pick":
                return self._pick(rest)
            case "unique":
                return split_items(rest)[row]
            case "integer":
                return self.rng.randint(int(words[0]), int(words[1]))
            case "decimal":
                return round(self.rng.uniform(float(words[0]), float(words[1])), int(words[2]))
            case "date" | "datetime":
                return self._moment(rest, ISO_DATE if verb == "date" else ISO_TIME)
            case "after":
                return self._after(words, cells)
            case "time":
                return self._time(words)
            case "code":
                return f"{words[0]}{int(words[1]) + row}"
            case "ref":
                return self._reference(rest)
            case _:
                return self._name(verb, cells)

    def _pick(self, rest: str) -> str:
        items, weights = [], []
        for item in split_items(rest):
            found = WEIGHTED.fullmatch(item)
            items.append(found[1] if found else item)
            weights.append(float(found[2]) if found else 1.0)
        return self.rng.choices(items, weights)[0].strip('"')

    def _reference(self, place: str) -> object:
        known = [c for c in self.made.get(place.replace('"', "").casefold(), []) if c is not None]
        return self.rng.choice(known) if known else None

    def _moment(self, rest: str, default: str) -> str:
        first, last, *form = rest.split(" ", 2)
        begin = datetime.datetime.fromisoformat(first)
        days = (datetime.datetime.fromisoformat(last) - begin).days
        moment = begin + datetime.timedelta(days=self.rng.randint(0, days))
        moment += datetime.timedelta(minutes=self.rng.randint(7 * 60, 21 * 60))
        return moment.strftime(form[0].strip('"') if form else default)

    def _after(self, words: list[str], cells: dict[str, object]) -> str | None:
        *name, low, high, unit = words
        earlier = cells[" ".join(name).strip('"')]
        if not isinstance(earlier, str):
            return None
        form, moment = _parsed(earlier, self._date_format(" ".join(name).strip('"')))
        seconds = self.rng.randint(int(low), int(high)) * UNITS[unit]
        return (moment + datetime.timedelta(seconds=seconds)).strftime(form)

    def _date_format(self, column: str) -> str:
        """Return the format that the fill of a date column names, empty when it names none."""
        verb, _, rest = self.fills.get(column, "").partition(" ")
        if verb == "after":
            return self._date_format(" ".join(rest.split()[:-3]).strip('"'))
        parts = rest.split(" ", 2)
        return parts[2].strip('"') if verb in ("date", "datetime") and len(parts) == 3 else ""

    def _time(self, words: list[str]) -> str:
        low, high = (int(w[:2]) * 60 + int(w[3:5]) for w in words[:2])
        minutes = self.rng.randrange(low, high + 1, 5)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"

    def _name(self, verb: str, cells: dict[str, object]) -> str:
        first, last = self.rng.choice(FIRST_NAMES), self.rng.choice(LAST_NAMES)
        match verb:
            case "first":
                return first
            case "last":
                return last
            case "person":
                return f"{first} {last}"
            case "email":
                known = [c for c in cells.values() if isinstance(c, str)]
                given = next((c for c in known if c.split(" ")[0] in FIRST_NAMES), first)
                return f"{given.split(' ')[0]}.{last}{len(cells)}@example.org".lower()
            case "phone":
                return f"0{self.rng.randint(20, 99)} {self.rng.randint(100, 999)} {self.rng.randint(1000, 9999)}"
            case "street":
                return f"{self.rng.randint(1, 180)} {self.rng.choice(STREETS)}"
            case _:
                raise ValueError(f"no fill is called {verb}")


def split_items(text: str) -> list[str]:
    """Split ``a|b|c`` at bars that do not stand within double quotes; items are stripped."""
    items, current, within = [], "", False
    for character in text:
        within ^= character == '"'
        if character == "|" and not within:
            items.append(current.strip())
            current = ""
        else:
            current += character
    return [*items, current.strip()]


def _parsed(text: str, known: str) -> tuple[str, datetime.datetime]:
    for form in (known,) if known else FORMATS:
        try:
            return form, datetime.datetime.strptime(text, form)
        except ValueError:
            continue
    raise ValueError(f"{text!r} is no date that 'after' knows")


def _typed(cell: object, kind: str) -> object:
    if not isinstance(cell, str):
        return cell
    text, upper = cell.strip('"'), kind.upper()
    if upper.startswith("INT"):
        return int(text) if text.lstrip("-").isdigit() else text
    if upper.startswith(("REAL", "NUM", "DEC", "FLOAT", "DOUBLE")):
        try:
            return float(text)
        except ValueError:
            return text
    return text
