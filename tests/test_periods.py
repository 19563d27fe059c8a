import datetime

import pytest

from t2s.periods import find_periods, spell_period

TODAY = datetime.date(2025, 3, 10)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("in 2023", [("2023", "2023-01-01", "2023-12-31")]),
        ("the nineties", [("the nineties", "1990-01-01", "1999-12-31")]),
        ("in the 80s", [("80s", "1980-01-01", "1989-12-31")]),
        ("the 2010s", [("2010s", "2010-01-01", "2019-12-31")]),
        ("March 2023", [("March 2023", "2023-03-01", "2023-03-31")]),
        ("feb '24", [("feb '24", "2024-02-01", "2024-02-29")]),
        ("june 1964", [("june 1964", "1964-06-01", "1964-06-30")]),
        ("2024-03", [("2024-03", "2024-03-01", "2024-03-31")]),
        ("03/2024", [("03/2024", "2024-03-01", "2024-03-31")]),
        ("15 march 2023", [("15 march 2023", "2023-03-15", "2023-03-15")]),
        ("March 5th, 2021", [("March 5th, 2021", "2021-03-05", "2021-03-05")]),
        ("15/3/2023", [("15/3/2023", "2023-03-15", "2023-03-15")]),
        ("3/15/2023", [("3/15/2023", "2023-03-15", "2023-03-15")]),
        ("21.06.22", [("21.06.22", "2022-06-21", "2022-06-21")]),
        ("31/02/2023", []),
        ("yesterday", [("yesterday", "2025-03-09", "2025-03-09")]),
        ("Q2 2024", [("Q2 2024", "2024-04-01", "2024-06-30")]),
        ("2024 Q4", [("2024 Q4", "2024-10-01", "2024-12-31")]),
        ("second quarter of 2023", [("second quarter of 2023", "2023-04-01", "2023-06-30")]),
        ("first half of 2023", [("first half of 2023", "2023-01-01", "2023-06-30")]),
        ("between may and july 2022", [("may and july 2022", "2022-05-01", "2022-07-31")]),
        ("24 to 31 december 2024", [("24 to 31 december 2024", "2024-12-24", "2024-12-31")]),
        ("2019-2021", [("2019-2021", "2019-01-01", "2021-12-31")]),
        ("last month", [("last month", "2025-02-01", "2025-02-28")]),
        ("last quarter", [("last quarter", "2024-10-01", "2024-12-31")]),
        ("last week", [("last week", "2025-03-03", "2025-03-09")]),
        ("this year", [("this year", "2025-01-01", "2025-12-31")]),
        ("last March", [("last March", "2024-03-01", "2024-03-31")]),
        ("last January", [("last January", "2025-01-01", "2025-01-31")]),
        ("past 30 days", [("past 30 days", "2025-02-08", "2025-03-10")]),
        ("two years ago", [("two years ago", "2023-03-10", "2025-03-10")]),
        ("in twenty twenty-four", [("twenty twenty-four", "2024-01-01", "2024-12-31")]),
        ("before '19", [("'19", "2019-01-01", "2019-12-31")]),
        ("the 1800s", [("1800s", "1800-01-01", "1899-12-31")]),
        ("19th century", [("19th century", "1800-01-01", "1899-12-31")]),
        ("eighteen hundreds", [("eighteen hundreds", "1800-01-01", "1899-12-31")]),
        (
            "in 2022 and 2023",
            [("2022", "2022-01-01", "2022-12-31"), ("2023", "2023-01-01", "2023-12-31")],
        ),
        ("between 2022 and 2023", [("between 2022 and 2023", "2022-01-01", "2023-12-31")]),
        ("1 jan to 31 mar 2024", [("1 jan to 31 mar 2024", "2024-01-01", "2024-03-31")]),
        ("1500 euros", []),
        ("painted in 1503", [("1503", "1503-01-01", "1503-12-31")]),
        ("more than 2000", []),
        ("$1950", []),
        ("may I see the march", []),
        ("", []),
    ],
)
def test_periods(question, expected):
    found = find_periods(question, TODAY)
    spans = [(question[p.start : p.end], str(p.first), str(p.last)) for p in found]
    assert spans == expected


@pytest.mark.parametrize(
    ("question", "formats", "expected"),
    [
        ("march 2024", (), ("2024-03", "2024-03-01", "2024-03-31", "2024-04-01")),
        ("15 march 2024", ("%d/%m/%Y",), ("2024-03-15", "15/03/2024", "20240315")),
        ("at the weekend", (), ("6", "0")),
        ("15 march 2024", ("%Y-%m-%d %H:%M",), ("2024-03-15", "2024-03-16")),
        ("Q2 2024", (), ("2024-04-01", "2024-06-30", "2024-07-01")),
        ("in may", (), ("05",)),
        ("january to march", (), ("01", "02", "03")),
        ("on mondays", (), ("1",)),
        ("in 1999", (), ("1999-01-01", "1999-12-31", "2000-01-01", "1999")),
    ],
)
def test_spelling(question, formats, expected):
    (period,) = find_periods(question, TODAY)
    assert spell_period(period, formats) == expected


def test_a_month_takes_the_format_without_its_day():
    (period,) = find_periods("march 2024", TODAY)
    assert "03/2024" in spell_period(period, ("%d/%m/%Y",))
