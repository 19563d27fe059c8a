"""A solar installer's job list, 2022 to 2025: one wide table as it comes from a spreadsheet.

Stories in it: batteries become normal; August 2023 slumps (no inverters to be had); referrals sign
far more often than trade-fair leads; one sales rep sells a fifth of everything.
"""

from __future__ import annotations

import random
from datetime import date, timedelta

from sample_dbs.chance import Weighted, flag, maybe, season, skew
from sample_dbs.people import Person, make_people
from sample_dbs.writing import Row, Rows

SEED = 20220307
FIRST_DAY = date(2022, 3, 1)
LAST_DAY = date(2025, 9, 30)

DDL = """
CREATE TABLE "solar_installs" (
    "Job #" TEXT, "Customer name" TEXT, "City" TEXT, "Country" TEXT, "Customer Type" TEXT,
    "Lead source" TEXT, "Sales rep" TEXT, "STATUS" TEXT, "Quote date" TEXT, "Signed date" TEXT,
    "Install date" TEXT, "Roof type" TEXT, "Panel brand" TEXT, "# of panels" INTEGER,
    "System size (kWp)" REAL, "Inverter" TEXT, "Battery (kWh)" REAL, "Price (EUR)" REAL,
    "Discount %" REAL, "Deposit paid (Y/N)" TEXT, "Financing" TEXT, "Est. yield (kWh/yr)" INTEGER,
    "CO2 saved (t/yr)" REAL, "Install team" TEXT, "Days on roof" INTEGER,
    "Satisfaction (1-5)" INTEGER, "Complaint?" TEXT
);
"""

_REPS = (
    "Hannah Okoye",
    "Stefan Wolff",
    "Marisol Vega",
    "Pieter Bos",
    "Claire Dumont",
    "Tomás Ferreira",
    "Ewa Sikora",
    "Gianni Bruno",
)
_COUNTRIES = ("Germany", "Netherlands", "France", "Spain", "Italy", "Portugal", "Poland")
_SUN_HOURS = (960, 930, 1080, 1480, 1290, 1420, 970)  # kWh per kWp and year, roughly, by country
# Chance that a quote is signed.
_LEADS = (
    ("Website", 34, 0.42),
    ("Referral", 24, 0.68),
    ("Google Ads", 18, 0.33),
    ("Trade fair", 9, 0.22),
    ("Flyer", 8, 0.27),
    ("Partner", 7, 0.5),
)


def make_rows(rng: random.Random) -> Rows:
    """Return the rows of the one table."""
    days = season(FIRST_DAY, LAST_DAY, _weigh_day)
    people = make_people(rng, 2600, tuple((name, 1.0) for name in _COUNTRIES), others=0.0)
    drawn = sorted(days.draw(rng) for _ in people)
    rows = [
        _make_job(rng, number, person, day)
        for number, (person, day) in enumerate(zip(people, drawn, strict=True), 1)
    ]
    return (("solar_installs", rows),)


def _weigh_day(day: date) -> float:
    if day.weekday() == 6:
        return 0.0
    weight = {2022: 0.8, 2023: 1.15, 2024: 1.3, 2025: 1.4}[day.year]
    weight *= {12: 0.5, 1: 0.6, 2: 0.8, 4: 1.3, 5: 1.4, 6: 1.25}.get(day.month, 1.0)
    return weight * (0.3 if (day.year, day.month) == (2023, 8) else 1.0)


def _make_job(rng: random.Random, number: int, person: Person, quoted: date) -> Row:
    source, signs = Weighted([(n, p) for n, _, p in _LEADS], [w for _, w, _ in _LEADS]).draw(rng)
    kind = Weighted(("Residential", "Commercial", "Farm", "Public"), (80, 13, 4, 3)).draw(rng)
    status, signed, installed = _follow_up(rng, quoted, signs)
    plant = _size_plant(rng, kind, person.country, quoted)
    panels, size, battery, price, yearly = plant
    name = _name_customer(rng, kind, person)
    done = installed is not None
    rating = Weighted((5, 4, 3, 2, 1), (46, 33, 12, 6, 3)).draw(rng)
    return (
        f"SJ-{quoted.year}-{number:04}",
        name,
        person.city,
        person.country,
        kind,
        source,
        Weighted(_REPS, (20, 15, 14, 13, 12, 10, 9, 7)).draw(rng),
        status,
        _write_date(quoted),
        _write_date(signed),
        _write_date(installed),
        Weighted(("Tile", "Flat", "Metal", "Slate"), (58, 20, 15, 7)).draw(rng),
        Weighted(("Helion", "SunPeak", "Lumos", "Nordsol", "Aurinko"), skew(5, 1.2, 2)).draw(rng),
        panels,
        size,
        Weighted(("Voltek", "Kronos", "GridMate"), (50, 30, 20)).draw(rng),
        battery,
        price,
        rng.choice((2.5, 5.0, 7.5, 10.0)) if maybe(rng, 0.3) else 0.0,
        flag(rng, 0.96) if signed else "N",
        Weighted(("Cash", "Loan", "Lease"), (55, 33, 12)).draw(rng) if signed else None,
        yearly,
        round(yearly * 0.00038, 2),
        f"Team {rng.choice('AAABBCCD')}" if done else None,
        max(1, round(size / 6) + rng.randint(0, 1)) if done else None,
        rating if done and maybe(rng, 0.71) else None,
        ("Y" if maybe(rng, 0.5 if rating <= 2 else 0.03) else "N") if done else None,
    )


def _name_customer(rng: random.Random, kind: str, person: Person) -> str:
    """Return the name of a person, or of what that person runs."""
    if kind == "Residential":
        return person.full_name
    endings = {
        "Commercial": ("GmbH", "Logistics", "Bakery", "Hotel", "& Sons"),
        "Farm": ("Farm",),
        "Public": ("School",),
    }
    return f"{person.last_name} {rng.choice(endings[kind])}"


def _follow_up(
    rng: random.Random, quoted: date, signs: float
) -> tuple[str, date | None, date | None]:
    """Return status, day of signature and day of installation, as known on the last day."""
    signed = quoted + timedelta(days=rng.randint(3, 45))
    if signed > LAST_DAY or (quoted > LAST_DAY - timedelta(days=60) and maybe(rng, 0.6)):
        return "Open", None, None
    if not maybe(rng, signs):
        return "Lost", None, None
    installed = signed + timedelta(days=int(rng.gauss(75, 20)) + (40 if quoted.year == 2023 else 0))
    if maybe(rng, 0.05):
        return "Cancelled", signed, None
    if installed > LAST_DAY:
        return "Signed", signed, None
    return "Installed", signed, installed


def _size_plant(
    rng: random.Random, kind: str, country: str, quoted: date
) -> tuple[int, float, float | None, float, int]:
    """Return panels, kWp, battery kWh (None without one), price and expected kWh a year."""
    middle = {"Residential": 22, "Commercial": 130, "Farm": 95, "Public": 80}[kind]
    panels = max(8, round(rng.gauss(middle, middle / 4)))
    size = round(panels * rng.choice((0.405, 0.42, 0.44)), 2)
    wants_battery = maybe(rng, {2022: 0.25, 2023: 0.41, 2024: 0.58, 2025: 0.7}[quoted.year])
    battery = rng.choice((5.0, 7.5, 10.0, 10.0, 12.5, 15.0)) if wants_battery else None
    if battery and kind != "Residential":
        battery *= 4
    # Prices per kWp fell over these years; big plants are cheaper per kWp.
    per_size = {2022: 1650, 2023: 1580, 2024: 1390, 2025: 1270}[quoted.year]
    per_size = round(per_size * (0.8 if size > 25 else 1.0) * rng.uniform(0.93, 1.09))
    price = round(size * per_size + (battery or 0) * 640 + 1500, 2)
    sun = _SUN_HOURS[_COUNTRIES.index(country)]
    return panels, size, battery, price, round(size * sun * rng.uniform(0.9, 1.06))


def _write_date(day: date | None) -> str | None:
    """Return dd/mm/yyyy, as spreadsheets in Europe write it."""
    return day.strftime("%d/%m/%Y") if day else None
