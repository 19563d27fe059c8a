import pytest

from t2s.expressions import find_clock_times, find_minutes, find_numbers


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("over twenty grand", [("twenty grand", "20000")]),
        ("two dozen eggs", [("two dozen", "24")]),
        ("a hundred and fifty", [("a hundred and fifty", "150")]),
        ("half a million", [("half a million", "500000")]),
        ("three hundred thousand", [("three hundred thousand", "300000")]),
        ("twenty-five people", [("twenty-five", "25")]),
        ("two or three", [("two", "2"), ("three", "3")]),
        ("above $1,500", [("$1,500", "1500")]),
        ("20k", [("20k", "20000")]),
        ("1.5m", [("1.5m", "1500000")]),
        ("2 million", [("2 million", "2000000")]),
        ("5%", [("5%", "0.05")]),
        ("five percent", [("five", "0.05"), ("five", "5")]),
        ("10 to 20 thousand", [("10", "10000"), ("20 thousand", "20000")]),
        ("ten to twenty grand", [("ten", "10000"), ("twenty grand", "20000")]),
        ("two and a half million", [("two and a half million", "2500000")]),
        ("three point five", [("three point five", "3.5")]),
        ("three and four", [("three", "3"), ("four", "4")]),
        ("15% more", [("15%", "0.15"), ("15%", "1.15")]),
        ("under a tenner", [("tenner", "10")]),
        ("120,000 million", [("120,000", "120000"), ("120,000 million", "120000000000")]),
        ("30+ and 1500", []),
        ("which one is a half brother", []),
        ("hundreds of members", []),
    ],
)
def test_numbers(question, expected):
    assert [(question[n.start : n.end], n.text) for n in find_numbers(question)] == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("above one hour", ["60"]),
        ("half an hour or less", ["30"]),
        ("an hour and a half", ["90"]),
        ("1.5 hours", ["90"]),
        ("opening hours", []),
    ],
)
def test_minutes(question, expected):
    assert [n.text for n in find_minutes(question)] == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("after six pm", ["18:00"]),
        ("at 6:30pm", ["18:30"]),
        ("before 7:00", ["07:00"]),
        ("half past six", ["06:30"]),
        ("seven in the morning", ["07:00"]),
        ("at 18:30", []),
        ("12 am", ["00:00"]),
        ("12 p.m.", ["12:00"]),
        ("I am here", []),
        ("13 pm", []),
    ],
)
def test_clock_times(question, expected):
    assert [t.text for t in find_clock_times(question)] == expected
