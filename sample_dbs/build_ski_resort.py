"""A ski resort over three winters: short names, no declared keys.

Stories in it: January 2024 was too warm and sales slumped; the 6-day pass brings the most money;
the old Gletscherblick chairlift breaks down most; one instructor is in far more demand than
the others.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import NamedTuple

from sample_dbs.chance import Weighted, flag, list_days, maybe, pick_date, skew
from sample_dbs.people import make_people
from sample_dbs.writing import Row, Rows

SEED = 20221203
WINTERS = (2022, 2023, 2024)

DDL = """
CREATE TABLE cust (
    cust_id INTEGER PRIMARY KEY, fname TEXT, lname TEXT, birth_yr INTEGER, city TEXT, ctry TEXT,
    reg_dt TEXT, news_flg TEXT
);
CREATE TABLE pass_type (
    pass_type_id INTEGER PRIMARY KEY, descr TEXT, days INTEGER, age_grp TEXT, price REAL
);
CREATE TABLE pass_sale (
    sale_id INTEGER PRIMARY KEY, cust_id INTEGER, pass_type_id INTEGER, sale_dt TEXT, qty INTEGER,
    amt REAL, chan TEXT, pay_cd TEXT, refund_dt TEXT
);
CREATE TABLE lift (
    lift_id INTEGER PRIMARY KEY, lift_nm TEXT, lift_type TEXT, cap_hr INTEGER, built_yr INTEGER,
    top_elev_m INTEGER, stat_cd TEXT
);
CREATE TABLE lift_day (
    lift_id INTEGER, op_dt TEXT, riders INTEGER, down_min INTEGER, PRIMARY KEY (lift_id, op_dt)
) WITHOUT ROWID;
CREATE TABLE instr (
    instr_id INTEGER PRIMARY KEY, instr_nm TEXT, home_ctry TEXT, langs TEXT, hr_rate REAL,
    hire_dt TEXT, left_dt TEXT
);
CREATE TABLE lesson (
    lesson_id INTEGER PRIMARY KEY, cust_id INTEGER, instr_id INTEGER, lesson_dt TEXT, sport TEXT,
    lvl_cd TEXT, hrs REAL, fee REAL, rating INTEGER
);
"""

# description: days: age group: price: share of sales
_PASSES = """
Half-day pass:0.5:adult:39.50:14
Day pass:1:adult:62.00:30
Day pass child:1:child:31.00:13
Day pass senior:1:senior:52.50:5
3-day pass:3:adult:169.00:12
6-day pass:6:adult:315.00:12
6-day pass child:6:child:157.50:5
Night skiing:1:adult:24.90:4
Season pass:135:adult:749.00:6.5
Season pass child:135:child:349.00:2
"""

# name: type: riders per hour: built: top elevation: status: popularity: minutes lost on a bad day
_LIFTS = """
Talbahn:gondola:2400:2011:1680:O:1.5:25
Sonnjoch Express:chairlift:2800:2016:2140:O:1.3:20
Gletscherblick:chairlift:1500:1988:2960:O:0.9:110
Adlerspitze:cable car:900:1996:3105:O:0.7:55
Murmel:drag lift:700:1994:1540:O:0.4:15
Panorama:chairlift:2200:2008:2310:O:1.0:30
Hexenkessel:chairlift:1800:2003:2450:O:0.8:35
Babylift:magic carpet:600:2019:1320:O:0.6:10
Waldbahn:gondola:2000:2021:1890:O:1.1:12
Nordhang:drag lift:800:1985:2200:C:0.25:60
Funpark:drag lift:900:2005:1950:O:0.5:20
Seeblick:chairlift:1600:1999:2080:M:0.6:45
"""


class Customer(NamedTuple):
    """A row of ``cust``."""

    cust_id: int
    first_name: str
    last_name: str
    birth_year: int | None
    city: str
    country: str
    registered_on: str
    newsletter: str


class PassType(NamedTuple):
    """A row of ``pass_type``."""

    pass_type_id: int
    description: str
    days: float
    age_group: str
    price: float


class Instructor(NamedTuple):
    """A row of ``instr``."""

    instr_id: int
    name: str
    country: str
    languages: str
    hour_rate: float
    hired_on: str
    left_on: str | None


def make_rows(rng: random.Random) -> Rows:
    """Return the rows of every table."""
    customers = _make_customers(rng)
    sales = _make_sales(rng, customers)
    instructors = _make_instructors(rng)
    lifts, lift_days = _make_lifts(rng)
    return (
        ("cust", customers),
        ("pass_type", _list_passes()),
        ("pass_sale", sales),
        ("lift", lifts),
        ("lift_day", lift_days),
        ("instr", instructors),
        ("lesson", _make_lessons(rng, customers, instructors)),
    )


def _weigh_day(day: date) -> float:
    """Return how busy a day is: holidays, weekends, growth, the warm January of 2024."""
    weight = 1.6 if day.weekday() >= 5 else 1.0
    holiday = (day.month == 12 and day.day >= 22) or (day.month == 1 and day.day <= 6)
    weight *= 2.2 if holiday else {12: 0.8, 1: 1.1, 2: 1.6, 3: 1.1, 4: 0.55}[day.month]
    weight *= 1.0 + 0.12 * (day.year + (day.month == 12) - WINTERS[0] - 1)
    if (day.year, day.month) == (2024, 1) and day.day > 6:
        weight *= 0.3
    return weight


def _list_winter_days() -> list[date]:
    return [day for year in WINTERS for day in list_days(date(year, 12, 3), date(year + 1, 4, 14))]


def _make_customers(rng: random.Random) -> list[Customer]:
    boosts = (("Germany", 4.0), ("Netherlands", 3.0), ("Switzerland", 3.0), ("Italy", 1.5))
    customers: list[Customer] = []
    for number, person in enumerate(make_people(rng, 2000, boosts), 1):
        registered = pick_date(rng, date(2020, 11, 1), date(2025, 3, 15))
        if number <= 60:
            registered = pick_date(rng, date(2020, 11, 1), date(2022, 11, 30))
        customers.append(
            Customer(
                number,
                person.first_name,
                person.last_name,
                None if maybe(rng, 0.08) else rng.randint(1948, 2006),
                person.city,
                person.country,
                registered.isoformat(),
                flag(rng, 0.37),
            )
        )
    return customers


def _list_passes() -> list[PassType]:
    lines = [line.split(":") for line in _PASSES.strip().splitlines()]
    return [
        PassType(n, descr, float(days) if days == "0.5" else int(days), group, float(price))
        for n, (descr, days, group, price, _) in enumerate(lines, 1)
    ]


def _make_sales(rng: random.Random, customers: list[Customer]) -> list[Row]:
    days = _list_winter_days()
    calendar = Weighted(days, [_weigh_day(day) for day in days])
    shares = [float(line.split(":")[4]) for line in _PASSES.strip().splitlines()]
    passes = Weighted(_list_passes(), shares)
    weights = [0.0 if n > 60 and maybe(rng, 0.1) else w for n, w in enumerate(skew(2000, 0.5, 25))]
    buyers = Weighted(customers, weights)
    channels = Weighted(("WEB", "DESK", "APP", "AGT"), (44, 27, 20, 9))
    payments = Weighted(("CC", "CSH", "TRF", "INV"), (66, 18, 10, 6))
    sales: list[Row] = []
    for day in sorted(calendar.draw(rng) for _ in range(11000)):
        buyer, kind = buyers.draw(rng), passes.draw(rng)
        while buyer.registered_on > day.isoformat():
            buyer = buyers.draw(rng)
        long_stay = kind.days == 135
        if long_stay and day.month in (2, 3, 4):
            kind = passes.items[1]
        quantity = (
            1 if kind.days == 135 else Weighted((1, 2, 3, 4, 6), (45, 32, 10, 10, 3)).draw(rng)
        )
        channel = channels.draw(rng)
        rate = 0.92 if channel == "AGT" else 0.95 if channel in ("WEB", "APP") else 1.0
        refund = (
            (day + timedelta(days=rng.randint(1, 12))).isoformat() if maybe(rng, 0.025) else None
        )
        sales.append(
            (
                len(sales) + 1,
                buyer.cust_id,
                kind.pass_type_id,
                day.isoformat(),
                quantity,
                round(quantity * kind.price * rate, 2),
                channel,
                payments.draw(rng),
                refund,
            )
        )
    return sales


def _make_lifts(rng: random.Random) -> tuple[list[Row], list[Row]]:
    lifts: list[Row] = []
    days: list[Row] = []
    for number, line in enumerate(_LIFTS.strip().splitlines(), 1):
        name, kind, capacity, built, top, status, appeal, bad_minutes = line.split(":")
        lifts.append((number, name, kind, int(capacity), int(built), int(top), status))
        for day in _list_winter_days():
            shut = name == "Nordhang" and day > date(2024, 4, 14)
            repairs = name == "Seeblick" and day > date(2025, 2, 9)
            if shut or repairs:
                continue
            lost = int(rng.expovariate(1 / float(bad_minutes))) if maybe(rng, 0.16) else 0
            crowd = _weigh_day(day) * float(appeal) * int(capacity) * rng.uniform(0.55, 0.95)
            open_share = max(0.1, 1 - lost / 420)
            days.append((number, day.isoformat(), int(crowd * open_share), min(lost, 420)))
    return lifts, days


def _make_instructors(rng: random.Random) -> list[Instructor]:
    boosts = (("Switzerland", 5.0), ("Italy", 3.0), ("Sweden", 2.0))
    spoken = {
        "Germany": "DE",
        "Switzerland": "DE,FR",
        "France": "FR",
        "Italy": "IT",
        "Spain": "ES",
        "Netherlands": "NL,DE",
        "Sweden": "SV",
        "Poland": "PL",
    }
    instructors: list[Instructor] = []
    for number, person in enumerate(make_people(rng, 34, boosts), 1):
        hired = pick_date(rng, date(2009, 11, 1), date(2023, 12, 1))
        left = pick_date(rng, date(2023, 4, 20), date(2025, 3, 1)) if maybe(rng, 0.15) else None
        languages = [*spoken.get(person.country, "").split(","), "EN"]
        instructors.append(
            Instructor(
                number,
                person.full_name,
                person.country,
                ",".join(language for language in languages if language),
                rng.choice((48.0, 52.5, 55.0, 59.5, 64.0, 72.0)),
                hired.isoformat(),
                left.isoformat() if left and number > 3 else None,
            )
        )
    return instructors


def _make_lessons(
    rng: random.Random, customers: list[Customer], instructors: list[Instructor]
) -> list[Row]:
    days = _list_winter_days()
    calendar = Weighted(days, [_weigh_day(day) for day in days])
    weights = skew(len(instructors), 0.7, 5)
    weights[0] *= 1.7
    teachers = Weighted(instructors, weights)
    pupils = Weighted(customers, [1.0 if maybe(rng, 0.45) else 0.0 for _ in customers])
    sports = Weighted(("ski", "snowboard", "cross-country"), (68, 25, 7))
    levels = Weighted(("BEG", "INT", "ADV"), (55, 33, 12))
    lessons: list[Row] = []
    for day in sorted(calendar.draw(rng) for _ in range(4200)):
        teacher, pupil = teachers.draw(rng), pupils.draw(rng)
        while not teacher.hired_on <= day.isoformat() < (teacher.left_on or "9999"):
            teacher = teachers.draw(rng)
        while pupil.registered_on > day.isoformat():
            pupil = pupils.draw(rng)
        hours = rng.choice((1.0, 1.5, 2.0, 2.0, 3.0, 4.0))
        liked = 4.8 if teacher.instr_id == 1 else 4.1
        rating = min(5, max(1, round(rng.gauss(liked, 0.8)))) if maybe(rng, 0.62) else None
        lessons.append(
            (
                len(lessons) + 1,
                pupil.cust_id,
                teacher.instr_id,
                day.isoformat(),
                sports.draw(rng),
                levels.draw(rng),
                hours,
                round(hours * teacher.hour_rate, 2),
                rating,
            )
        )
    return lessons
