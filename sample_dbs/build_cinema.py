"""A chain of cinemas, 2024 and 2025: CamelCase names, declared foreign keys.

Stories in it: one animated film beats everything else; the Berlin house closed for works in
February 2025; Tuesdays are cheap and full; gold members buy far more snacks.
"""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sample_dbs.catalogue import CINEMAS, FILMS
from sample_dbs.chance import Weighted, flag, maybe, pick_date, season, skew
from sample_dbs.people import Person, make_people
from sample_dbs.writing import Cell, Row, Rows

SEED = 20240105
FIRST_DAY = date(2024, 1, 1)
LAST_DAY = date(2025, 12, 31)
HIT = "The Paper Whale"
CLOSED_CINEMA_ID = 6  # Berlin

DDL = """
CREATE TABLE Cinema (
    CinemaId INTEGER PRIMARY KEY, CinemaName TEXT NOT NULL, City TEXT NOT NULL,
    Country TEXT NOT NULL, OpenedOn DATE NOT NULL, HasBar TEXT NOT NULL CHECK (HasBar IN ('Y', 'N'))
);
CREATE TABLE Screen (
    ScreenId INTEGER PRIMARY KEY, CinemaId INTEGER NOT NULL, ScreenName TEXT NOT NULL,
    ScreenType TEXT NOT NULL, Seats INTEGER NOT NULL,
    FOREIGN KEY (CinemaId) REFERENCES Cinema (CinemaId)
);
CREATE TABLE Employee (
    EmployeeId INTEGER PRIMARY KEY, FirstName TEXT NOT NULL, LastName TEXT NOT NULL,
    JobTitle TEXT NOT NULL, CinemaId INTEGER, ReportsTo INTEGER, HiredOn DATE NOT NULL, LeftOn DATE,
    FOREIGN KEY (CinemaId) REFERENCES Cinema (CinemaId),
    FOREIGN KEY (ReportsTo) REFERENCES Employee (EmployeeId)
);
CREATE TABLE Film (
    FilmId INTEGER PRIMARY KEY, Title TEXT NOT NULL, Director TEXT NOT NULL, Country TEXT NOT NULL,
    AgeRating TEXT NOT NULL, RuntimeMinutes INTEGER NOT NULL, ReleaseDate DATE NOT NULL,
    CriticScore REAL
);
CREATE TABLE Genre (GenreId INTEGER PRIMARY KEY, GenreName TEXT NOT NULL UNIQUE);
CREATE TABLE FilmGenre (
    FilmId INTEGER NOT NULL, GenreId INTEGER NOT NULL,
    PRIMARY KEY (FilmId, GenreId),
    FOREIGN KEY (FilmId) REFERENCES Film (FilmId),
    FOREIGN KEY (GenreId) REFERENCES Genre (GenreId)
) WITHOUT ROWID;
CREATE TABLE Member (
    MemberId INTEGER PRIMARY KEY, FirstName TEXT NOT NULL, LastName TEXT NOT NULL,
    City TEXT NOT NULL, Country TEXT NOT NULL, BirthDate DATE, Tier TEXT NOT NULL,
    JoinedOn DATE NOT NULL, CancelledOn DATE
);
CREATE TABLE Screening (
    ScreeningId INTEGER PRIMARY KEY, FilmId INTEGER NOT NULL, ScreenId INTEGER NOT NULL,
    StartsAt DATETIME NOT NULL, Format TEXT NOT NULL, IsSubtitled TEXT NOT NULL,
    FOREIGN KEY (FilmId) REFERENCES Film (FilmId),
    FOREIGN KEY (ScreenId) REFERENCES Screen (ScreenId)
);
CREATE TABLE TicketSale (
    TicketSaleId INTEGER PRIMARY KEY, ScreeningId INTEGER NOT NULL, MemberId INTEGER,
    Channel TEXT NOT NULL, Tickets INTEGER NOT NULL, TicketAmount REAL NOT NULL,
    SnackAmount REAL NOT NULL, IsRefunded TEXT NOT NULL,
    FOREIGN KEY (ScreeningId) REFERENCES Screening (ScreeningId),
    FOREIGN KEY (MemberId) REFERENCES Member (MemberId)
);
"""


class Cinema(NamedTuple):
    """A row of ``Cinema``."""

    cinema_id: int
    name: str
    city: str
    country: str
    opened_on: str
    has_bar: str


class Screen(NamedTuple):
    """A row of ``Screen``."""

    screen_id: int
    cinema_id: int
    name: str
    screen_type: str
    seats: int


class Film(NamedTuple):
    """A row of ``Film``."""

    film_id: int
    title: str
    director: str
    country: str
    age_rating: str
    runtime_minutes: int
    release_date: str
    critic_score: float | None


class Member(NamedTuple):
    """A row of ``Member``."""

    member_id: int
    first_name: str
    last_name: str
    city: str
    country: str
    birth_date: str | None
    tier: str
    joined_on: str
    cancelled_on: str | None


class Screening(NamedTuple):
    """A row of ``Screening``."""

    screening_id: int
    film_id: int
    screen_id: int
    starts_at: str
    format: str
    is_subtitled: str


def make_rows(rng: random.Random) -> Rows:
    """Return the rows of every table, parents first."""
    cinemas = _make_cinemas(rng)
    screens = _make_screens(rng, cinemas)
    films, genres, film_genres = _make_films(rng)
    members = _make_members(rng)
    screenings = _make_screenings(rng, films, screens)
    return (
        ("Cinema", cinemas),
        ("Screen", screens),
        ("Employee", _make_employees(rng, cinemas)),
        ("Film", films),
        ("Genre", genres),
        ("FilmGenre", film_genres),
        ("Member", members),
        ("Screening", screenings),
        ("TicketSale", _make_sales(rng, films, screens, members, screenings)),
    )


def _make_cinemas(rng: random.Random) -> list[Cinema]:
    lines = [line.split(",") for line in CINEMAS.strip().splitlines()]
    return [
        Cinema(
            n, name, city, country, f"{year}-{rng.randint(3, 11):02}-{rng.randint(1, 28):02}", bar
        )
        for n, (name, city, country, year, bar) in enumerate(lines, 1)
    ]


def _make_screens(rng: random.Random, cinemas: list[Cinema]) -> list[Screen]:
    counts = (6, 5, 3, 4, 4, 5, 3, 3, 4)
    screens: list[Screen] = []
    for cinema, count in zip(cinemas, counts, strict=True):
        for number in range(1, count + 1):
            kind = "IMAX" if number == 1 and count > 3 else "VIP" if number == count else "Standard"
            seats = {"IMAX": 260, "VIP": 40, "Standard": 120}[kind] + 4 * rng.randint(-5, 9)
            name = f"Screen {number}"
            screens.append(Screen(len(screens) + 1, cinema.cinema_id, name, kind, seats))
    return screens


def _make_employees(rng: random.Random, cinemas: list[Cinema]) -> list[Row]:
    """Return a tree of three levels: head office, cinema managers, their teams."""
    people = iter(make_people(rng, 140))
    employees: list[Row] = []

    def hire(title: str, cinema: Cell, boss: int | None) -> int:
        person: Person = next(people)
        number = len(employees) + 1
        hired = pick_date(rng, date(2014, 1, 1), date(2025, 9, 30))
        stayed = title != "Projectionist" or boss is None or maybe(rng, 0.85)
        left = None
        if (title in ("Usher", "Bar Staff") and maybe(rng, 0.22)) or not stayed:
            left = min(hired + timedelta(days=rng.randint(90, 1500)), LAST_DAY).isoformat()
        employees.append(
            (
                number,
                person.first_name,
                person.last_name,
                title,
                cinema,
                boss,
                hired.isoformat(),
                left,
            )
        )
        return number

    chief = hire("Chief Executive", None, None)
    operations = hire("Operations Director", None, chief)
    hire("Film Programmer", None, chief)
    hire("Marketing Director", None, chief)
    for cinema in cinemas:
        manager = hire("Cinema Manager", cinema.cinema_id, operations)
        team = ["Projectionist"] * 2 + ["Usher"] * rng.randint(3, 6)
        team += ["Bar Staff"] * (rng.randint(2, 3) if cinema.has_bar == "Y" else 0)
        for title in team:
            hire(title, cinema.cinema_id, manager)
    return employees


def _make_films(rng: random.Random) -> tuple[list[Film], list[Row], list[Row]]:
    lines = [line.split(":") for line in FILMS.strip().splitlines()]
    names = sorted({genre for _, genres in lines for genre in genres.split(",")})
    directors = make_people(rng, 42)
    ratings = Weighted(("PG", "12A", "15", "18"), (20, 35, 33, 12))
    films: list[Film] = []
    pairs: list[Row] = []
    for number, (title, genres) in enumerate(lines, 1):
        family = "Family" in genres
        director = rng.choice(directors)
        released = pick_date(rng, date(2023, 11, 20), date(2025, 11, 28))
        if title == HIT:
            released = date(2024, 7, 12)
        elif number > len(lines) - 2:
            released = date(2026, 2, 4)  # announced, not yet shown
        # Fridays, when films open.
        released += timedelta(days=(4 - released.weekday()) % 7)
        films.append(
            Film(
                number,
                title,
                director.full_name,
                director.country,
                ("U" if maybe(rng, 0.7) else "PG") if family else ratings.draw(rng),
                rng.randint(82, 104) if family else int(rng.gauss(116, 16)),
                released.isoformat(),
                8.9 if title == HIT else None if maybe(rng, 0.1) else round(rng.gauss(6.4, 1.1), 1),
            )
        )
        pairs += [(number, names.index(genre) + 1) for genre in sorted(genres.split(","))]
    return films, [(n, name) for n, name in enumerate(names, 1)], pairs


def _make_members(rng: random.Random) -> list[Member]:
    cinemas = [line.split(",") for line in CINEMAS.strip().splitlines()]
    homes = Weighted(cinemas, (24, 16, 8, 12, 13, 11, 7, 5, 8))
    tiers = Weighted(("Bronze", "Silver", "Gold"), (62, 27, 11))
    members: list[Member] = []
    for number, person in enumerate(make_people(rng, 1100), 1):
        _, city, country, _, _ = homes.draw(rng)
        joined = pick_date(rng, date(2021, 6, 1), LAST_DAY - timedelta(days=20))
        left = joined + timedelta(days=rng.randint(60, 1400))
        born = pick_date(rng, date(1950, 1, 1), date(2009, 12, 31))
        members.append(
            Member(
                number,
                person.first_name,
                person.last_name,
                city,
                country,
                None if maybe(rng, 0.09) else born.isoformat(),
                tiers.draw(rng),
                joined.isoformat(),
                left.isoformat() if maybe(rng, 0.2) and left < LAST_DAY else None,
            )
        )
    return members


def _weigh_day(day: date) -> float:
    weight = 1.0 if day.year == 2024 else 1.15
    weight *= {5: 0.8, 6: 0.75, 7: 1.2, 8: 1.15, 12: 1.5, 9: 0.8}.get(day.month, 1.0)
    return weight * {1: 1.5, 4: 1.5, 5: 2.0, 6: 1.6}.get(day.weekday(), 1.0)


def _make_screenings(
    rng: random.Random, films: list[Film], screens: list[Screen]
) -> list[Screening]:
    days = season(FIRST_DAY, LAST_DAY, _weigh_day)
    rooms = Weighted(screens, [screen.seats**0.5 for screen in screens])
    hours = Weighted((11, 14, 16, 18, 20, 21), (8, 15, 18, 24, 26, 9))
    appeal = {
        film.film_id: weight for film, weight in zip(films, skew(len(films), 0.6), strict=True)
    }
    appeal[1] *= 2.2
    releases = {film.film_id: date.fromisoformat(film.release_date) for film in films}
    slots: set[tuple[str, int]] = set()
    drafts: list[Screening] = []
    while len(drafts) < 3000:
        day, screen = days.draw(rng), rooms.draw(rng)
        begins = datetime.combine(day, time(hours.draw(rng), rng.choice((0, 15, 30)))).isoformat(
            " "
        )
        slot = (begins[:13], screen.screen_id)
        closed = screen.cinema_id == CLOSED_CINEMA_ID and (day.year, day.month) == (2025, 2)
        # Films run for about three months, falling off week by week.
        running = [f for f in appeal if 0 <= (day - releases[f]).days < 100]
        if slot in slots or closed or not running:
            continue
        slots.add(slot)
        fade = [appeal[f] * 0.85 ** ((day - releases[f]).days / 7) for f in running]
        shape = "IMAX" if screen.screen_type == "IMAX" else "3D" if maybe(rng, 0.12) else "2D"
        film = Weighted(running, fade).draw(rng)
        drafts.append(Screening(0, film, screen.screen_id, begins, shape, flag(rng, 0.14)))
    drafts.sort(key=lambda row: (row.starts_at, row.screen_id))
    return [row._replace(screening_id=n) for n, row in enumerate(drafts, 1)]


def _make_sales(
    rng: random.Random,
    films: list[Film],
    screens: list[Screen],
    members: list[Member],
    screenings: list[Screening],
) -> list[Row]:
    fans = [
        0.0 if n > 40 and maybe(rng, 0.12) else w for n, w in enumerate(skew(len(members), 0.7))
    ]
    regulars = Weighted(members, fans)
    channels = Weighted(("App", "Online", "Box Office"), (46, 34, 20))
    sales: list[Row] = []
    for screening in screenings:
        begins = datetime.fromisoformat(screening.starts_at)
        crowd = 8.0 if begins.weekday() in (1, 4, 5, 6) else 5.5
        crowd *= 1.9 if films[screening.film_id - 1].title == HIT else 1.0
        crowd *= 1.25 if begins.hour >= 18 else 0.8
        free_seats = screens[screening.screen_id - 1].seats
        for _ in range(max(1, round(rng.gauss(crowd, crowd / 3)))):
            member = regulars.draw(rng) if maybe(rng, 0.42) else None
            if member and not _is_member(member, screening.starts_at):
                member = None
            tickets = Weighted((1, 2, 3, 4, 5), (22, 46, 14, 14, 4)).draw(rng)
            if tickets > free_seats:
                break
            free_seats -= tickets
            amount = tickets * _price(begins, screening.format, member)
            snacks = 0.0
            if maybe(rng, 0.7 if member and member.tier == "Gold" else 0.42):
                snacks = round(tickets * rng.choice((3.5, 4.2, 5.9, 6.75, 8.4)), 2)
            sales.append(
                (
                    len(sales) + 1,
                    screening.screening_id,
                    member.member_id if member else None,
                    channels.draw(rng),
                    tickets,
                    round(amount, 2),
                    snacks,
                    flag(rng, 0.02),
                )
            )
    return sales


def _is_member(member: Member, moment: str) -> bool:
    """Return whether the membership ran at that ISO date and time."""
    return member.joined_on <= moment < (member.cancelled_on or "9999")


def _price(begins: datetime, shape: str, member: Member | None) -> float:
    """Return the price of one ticket: dearer for IMAX and 3D, cheap on Tuesdays and for members."""
    price = {"IMAX": 16.5, "3D": 13.9}.get(shape, 11.5)
    if begins.weekday() == 1:
        price = 6.99
    elif begins.hour < 15:
        price -= 2.5
    if member:
        price *= {"Gold": 0.75, "Silver": 0.85}.get(member.tier, 0.95)
    return round(price, 2)
