"""An online bookshop, 2023 to 2025: snake_case names, declared foreign keys.

Stories in it: revenue grows and peaks every December; April 2024 slumps (the website was down for
three weeks); Crime sells best while Cookery is rated best; one school buys more than anyone else.
"""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from sample_dbs.catalogue import CATEGORIES, COMMENTS, PUBLISHERS
from sample_dbs.chance import Weighted, flag, maybe, pick_date, season, skew
from sample_dbs.people import make_people
from sample_dbs.writing import Row, Rows

SEED = 20230101
FIRST_DAY = date(2023, 1, 1)
LAST_DAY = date(2025, 12, 31)

DDL = """
CREATE TABLE publishers (
    publisher_id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT, country TEXT,
    founded_year INTEGER
);
CREATE TABLE authors (
    author_id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, country TEXT, birth_year INTEGER,
    death_year INTEGER
);
CREATE TABLE books (
    book_id INTEGER PRIMARY KEY, title TEXT NOT NULL,
    publisher_id INTEGER NOT NULL REFERENCES publishers (publisher_id),
    category TEXT NOT NULL, format TEXT NOT NULL, language TEXT NOT NULL, pages INTEGER,
    price REAL NOT NULL, published_on DATE NOT NULL, stock_quantity INTEGER NOT NULL,
    in_print TEXT NOT NULL CHECK (in_print IN ('Y', 'N'))
);
CREATE TABLE book_authors (
    book_id INTEGER NOT NULL REFERENCES books (book_id),
    author_id INTEGER NOT NULL REFERENCES authors (author_id),
    PRIMARY KEY (book_id, author_id)
) WITHOUT ROWID;
CREATE TABLE customers (
    customer_id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, email TEXT, city TEXT, country TEXT,
    customer_type TEXT NOT NULL, joined_on DATE NOT NULL, newsletter TEXT NOT NULL
);
CREATE TABLE orders (
    order_id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    ordered_at DATETIME NOT NULL, shipped_on DATE, status TEXT NOT NULL,
    payment_method TEXT NOT NULL, coupon_code TEXT, shipping_fee REAL NOT NULL,
    total_amount REAL NOT NULL
);
CREATE TABLE order_items (
    order_item_id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (order_id),
    book_id INTEGER NOT NULL REFERENCES books (book_id),
    quantity INTEGER NOT NULL, unit_price REAL NOT NULL
);
CREATE TABLE reviews (
    review_id INTEGER PRIMARY KEY,
    book_id INTEGER NOT NULL REFERENCES books (book_id),
    customer_id INTEGER NOT NULL REFERENCES customers (customer_id),
    rating INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5), reviewed_on DATE NOT NULL, comment TEXT
);
"""


class Book(NamedTuple):
    """A row of ``books``."""

    book_id: int
    title: str
    publisher_id: int
    category: str
    format: str
    language: str
    pages: int | None
    price: float
    published_on: str
    stock_quantity: int
    in_print: str


class Customer(NamedTuple):
    """A row of ``customers``."""

    customer_id: int
    full_name: str
    email: str | None
    city: str
    country: str
    customer_type: str
    joined_on: str
    newsletter: str


class Order(NamedTuple):
    """A row of ``orders``."""

    order_id: int
    customer_id: int
    ordered_at: str
    shipped_on: str | None
    status: str
    payment_method: str
    coupon_code: str | None
    shipping_fee: float
    total_amount: float


class OrderItem(NamedTuple):
    """A row of ``order_items``."""

    order_item_id: int
    order_id: int
    book_id: int
    quantity: int
    unit_price: float


def make_rows(rng: random.Random) -> Rows:
    """Return the rows of every table, parents first."""
    publishers = _make_publishers()
    ratings, popularity, books = _make_books(rng, len(publishers))
    authors, book_authors = _make_authors(rng, books)
    customers = _make_customers(rng)
    orders, items = _make_orders(rng, books, popularity, customers)
    reviews = _make_reviews(rng, ratings, orders, items)
    return (
        ("publishers", publishers),
        ("authors", authors),
        ("books", books),
        ("book_authors", book_authors),
        ("customers", customers),
        ("orders", orders),
        ("order_items", items),
        ("reviews", reviews),
    )


def _make_publishers() -> list[Row]:
    lines = [line.split(",") for line in PUBLISHERS.strip().splitlines()]
    return [(n, *line[:3], int(line[3])) for n, line in enumerate(lines, 1)]


def _draft_titles() -> list[tuple[str, str, float, float]]:
    """Return category, title, popularity and mean rating of every pair of title words."""
    drafts: list[tuple[str, str, float, float]] = []
    for line in CATEGORIES.strip().splitlines():
        fields = line.split(":")
        category, appeal, rating = fields[0], float(fields[1]), float(fields[2])
        pattern, firsts, seconds = ":".join(fields[3:-2]), fields[-2], fields[-1]
        drafts += [
            (category, pattern.format(first, second), appeal, rating)
            for first in firsts.split(",")
            for second in seconds.split(",")
        ]
    return drafts


def _make_books(
    rng: random.Random, publisher_count: int
) -> tuple[list[float], list[float], list[Book]]:
    """Return mean rating and popularity by book, and the books."""
    drafts = _draft_titles()
    rng.shuffle(drafts)
    formats = Weighted(("paperback", "hardcover", "e-book", "audiobook"), (50, 22, 20, 8))
    languages = Weighted(("English", "German", "French", "Spanish", "Dutch"), (74, 9, 8, 5, 4))
    base_price = {"paperback": 9.99, "hardcover": 19.99, "e-book": 5.99, "audiobook": 13.99}
    ranks = skew(len(drafts), 0.75)
    ratings: list[float] = []
    popularity: list[float] = []
    books: list[Book] = []
    for number, (category, title, appeal, rating) in enumerate(drafts, 1):
        kind = formats.draw(rng)
        first_day, last_day = date(1996, 1, 1), date(2022, 12, 1)
        if maybe(rng, 0.2):
            first_day, last_day = FIRST_DAY, LAST_DAY - timedelta(days=30)
        pages = rng.randint(32, 64) if category == "Children" else int(rng.gauss(330, 85))
        books.append(
            Book(
                number,
                title,
                rng.randint(1, publisher_count),
                category,
                kind,
                languages.draw(rng),
                None if kind == "audiobook" else pages,
                round(base_price[kind] + rng.randint(-2, 9), 2),
                pick_date(rng, first_day, last_day).isoformat(),
                0 if maybe(rng, 0.06) else int(rng.expovariate(1 / 45)) + 1,
                flag(rng, 0.93),
            )
        )
        ratings.append(min(4.8, max(2.6, rng.gauss(rating, 0.3))))
        popularity.append(ranks[number - 1] * appeal)
    return ratings, popularity, books


def _make_authors(rng: random.Random, books: list[Book]) -> tuple[list[Row], list[Row]]:
    people = make_people(rng, 170)
    authors: list[Row] = []
    for number, person in enumerate(people, 1):
        born = rng.randint(1925, 1994)
        died = min(born + rng.randint(58, 94), 2024) if born < 1950 and maybe(rng, 0.55) else None
        authors.append((number, person.full_name, person.country, born, died))
    writers = Weighted(range(1, len(authors) + 1), skew(len(authors), 0.6))
    pairs: list[Row] = []
    for book in books:
        count = Weighted((1, 2, 3), (80, 16, 4)).draw(rng)
        chosen = sorted({writers.draw(rng) for _ in range(count)})
        pairs += [(book.book_id, author) for author in chosen]
    return authors, pairs


def _make_customers(rng: random.Random) -> list[Customer]:
    """Return customers, the biggest buyers first in the list that orders draw from."""
    joined = season(
        FIRST_DAY - timedelta(days=500), LAST_DAY, lambda day: 1 + (day.year - 2021) / 3
    )
    kinds = Weighted(("personal", "school", "business"), (90, 6, 4))
    suffixes = {
        "school": ("Primary School", "Grammar School", "College"),
        "business": ("Consulting", "Café", "Studios", "Partners"),
    }
    customers: list[Customer] = []
    for number, person in enumerate(make_people(rng, 1800), 1):
        kind = "school" if number == 1 else kinds.draw(rng)
        name = person.full_name
        if kind != "personal":
            name = f"{person.last_name} {rng.choice(suffixes[kind])}"
        joined_on = date(2021, 11, 8) if number < 12 else joined.draw(rng)
        email = person.email if maybe(rng, 0.93) else None
        customers.append(
            Customer(
                number,
                "St Brendan's College" if number == 1 else name,
                "library@stbrendans.example.org" if number == 1 else email,
                "Dublin" if number == 1 else person.city,
                "Ireland" if number == 1 else person.country,
                kind,
                joined_on.isoformat(),
                flag(rng, 0.42),
            )
        )
    return customers


def _weigh_day(day: date) -> float:
    weight = {2023: 1.0, 2024: 1.28, 2025: 1.55}[day.year]
    weight *= {11: 1.35, 12: 2.1, 1: 0.85, 7: 0.85, 8: 0.9}.get(day.month, 1.0)
    if date(2024, 4, 3) <= day <= date(2024, 4, 24):
        weight *= 0.08
    return weight * (1.25 if day.weekday() >= 5 else 1.0)


def _make_orders(
    rng: random.Random, books: list[Book], popularity: list[float], customers: list[Customer]
) -> tuple[list[Order], list[OrderItem]]:
    order_days = season(FIRST_DAY, LAST_DAY, _weigh_day)
    weights = skew(len(customers), 0.85)
    weights[0] *= 1.8
    # Every seventh or so only signed up: they have no orders.
    weights = [0.0 if n > 50 and maybe(rng, 0.14) else w for n, w in enumerate(weights)]
    buyers, titles = Weighted(customers, weights), Weighted(books, popularity)
    orders: list[Order] = []
    items: list[OrderItem] = []
    for number, day in enumerate(sorted(order_days.draw(rng) for _ in range(8200)), 1):
        buyer = buyers.draw(rng)
        while buyer.joined_on > day.isoformat():
            buyer = buyers.draw(rng)
        basket = _fill_basket(rng, titles, day, buyer)
        goods = 0.0
        for book, quantity in basket:
            price = round(book.price * (0.9 if maybe(rng, 0.15) else 1.0), 2)
            items.append(OrderItem(len(items) + 1, number, book.book_id, quantity, price))
            goods += quantity * price
        orders.append(_make_order(rng, number, buyer, day, goods))
    return orders, items


def _fill_basket(
    rng: random.Random, titles: Weighted[Book], day: date, buyer: Customer
) -> list[tuple[Book, int]]:
    """Return distinct books already published on ``day``, with quantities."""
    lines = Weighted((1, 2, 3, 4, 6), (42, 27, 16, 10, 5)).draw(rng)
    basket: dict[int, tuple[Book, int]] = {}
    for _ in range(lines):
        book = titles.draw(rng)
        if book.published_on <= day.isoformat():
            many = buyer.customer_type != "personal" and maybe(rng, 0.5)
            few = Weighted((1, 2, 3), (86, 11, 3)).draw(rng)
            basket[book.book_id] = (book, rng.randint(3, 14) if many else few)
    return list(basket.values()) or _fill_basket(rng, titles, day, buyer)


def _make_order(rng: random.Random, number: int, buyer: Customer, day: date, goods: float) -> Order:
    clock = time(
        Weighted(range(24), [1] * 7 + [4] * 10 + [7] * 6 + [3]).draw(rng), rng.randint(0, 59)
    )
    status = Weighted(("delivered", "cancelled", "returned"), (93, 3.5, 3.5)).draw(rng)
    shipped: date | None = day + timedelta(
        days=Weighted((0, 1, 2, 3, 5, 9), (10, 40, 25, 14, 8, 3)).draw(rng)
    )
    if status == "cancelled":
        shipped = None
    elif shipped and shipped > LAST_DAY - timedelta(days=1):
        status, shipped = "processing", None
    elif shipped and shipped > LAST_DAY - timedelta(days=6):
        status = "shipped"
    fee = 0.0 if goods >= 40 else 3.95 if buyer.country in ("United Kingdom", "Ireland") else 6.5
    coupon = Weighted(("WELCOME10", "SUMMER5", "XMAS15", "BOOKDAY"), (4, 2, 2, 1)).draw(rng)
    return Order(
        number,
        buyer.customer_id,
        datetime.combine(day, clock).isoformat(" "),
        shipped.isoformat() if shipped else None,
        status,
        Weighted(("card", "paypal", "invoice", "gift card"), (60, 27, 8, 5)).draw(rng),
        coupon if maybe(rng, 0.17) else None,
        fee,
        round(goods + fee, 2),
    )


def _make_reviews(
    rng: random.Random, ratings: list[float], orders: list[Order], items: list[OrderItem]
) -> list[Row]:
    reviews: list[Row] = []
    for item in items:
        order = orders[item.order_id - 1]
        if order.shipped_on is None or not maybe(rng, 0.18):
            continue
        day = date.fromisoformat(order.shipped_on) + timedelta(days=rng.randint(4, 70))
        if day > LAST_DAY:
            continue
        rating = min(5, max(1, round(rng.gauss(ratings[item.book_id - 1], 0.9))))
        comment = rng.choice(COMMENTS) if maybe(rng, 0.35) else None
        reviews.append((0, item.book_id, order.customer_id, rating, day.isoformat(), comment))
    reviews.sort(key=lambda row: str(row[4]))
    return [(n, *row[1:]) for n, row in enumerate(reviews, 1)]
