"""The page about a run."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

from t2s.values import Column, ForeignKey, Schema, Table
from train.data import Pair
from train.figures import Outcome, summarise
from train.report import FAILURES, describe_schema, place_dots, sample_failures, write_report

SCHEMA = Schema(
    (Table("<b>shop</b>", (Column("id"), Column("na&me"))), Table("sale", (Column("shop"),))),
    (ForeignKey("sale", "shop", "<b>shop</b>", "id"),),
)


def _outcome(number: int, *, right: bool, question: str = "how many") -> Outcome:
    pair = Pair("tiny", "shop", f"{question} {number}", "SELECT id FROM sale", ("<i>before</i>",))
    sql = "SELECT id FROM sale" if right else "SELECT '<script>alert(1)</script>' FROM sale"
    return Outcome(pair, sql, right, right, False, True, 0.1, number % 10 / 10, True, SCHEMA)


class _Reader(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.names.update(name for name, _ in attrs)

    def handle_data(self, data) -> None:
        self.text += data


def test_the_page_shows_everything_and_runs_nothing(tmp_path) -> None:
    outcomes = [_outcome(n, right=False, question="<img src=x onerror=alert(1)>") for n in range(3)]
    outcomes.append(_outcome(9, right=True))
    nurses = Pair("tiny", "shop", "list the nurses", None)
    outcomes.append(replace(_outcome(8, right=False), pair=nurses))
    page = tmp_path / "page.html"
    write_report(page, {"set": "tiny<", "split": "dev", **summarise(outcomes)}, outcomes)
    reader = _Reader()
    reader.feed(page.read_text(encoding="utf-8"))
    assert not {"script", "img", "i", "b", "a", "link", "iframe"} & set(reader.tags)
    assert not {name for name in reader.names if name.startswith("on") or name in ("src", "href")}
    assert reader.tags.count("circle") == 5
    assert reader.tags.count("section") == 4
    for text in (
        "<img src=x onerror=alert(1)> 2",
        "<script>alert(1)</script>",
        "after: <i>before</i>",
        "<b>shop</b>(id, na&me)",
        "sale.shop -> <b>shop</b>.id",
        "4 of 4 wrong answers",
        "(cannot be answered)",
        "shop, unanswerable, should have declined",
        "selected columns",
        "kind of question",
        "joins in the gold query",
    ):
        assert text in reader.text


def test_failures_are_drawn_with_a_fixed_seed() -> None:
    outcomes = [_outcome(n, right=n % 2 == 0) for n in range(200)]
    first = sample_failures(outcomes)
    assert len(first) == FAILURES
    assert first == sample_failures(outcomes)
    numbers = [int(o.pair.question.split()[-1]) for o in first]
    assert numbers == sorted(numbers)
    assert not any(o.right for o in first)


def test_dots_of_the_plot() -> None:
    few, many = place_dots([[1, 0.0, 1.0], [100, 1.0, 0.0]])
    assert (few["x"], few["y"]) == (45, 0)
    assert (many["x"], many["y"]) == (345, 300)
    assert few["radius"] < many["radius"]
    assert place_dots([]) == []


def test_a_schema_in_lines() -> None:
    assert describe_schema(SCHEMA).splitlines()[-1] == "sale.shop -> <b>shop</b>.id"
