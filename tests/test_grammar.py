"""The grammar: what may come, what may not, and that every walk ends in SQL that its database prepares."""

from __future__ import annotations

import random
import sqlite3

import pytest

from t2s.encoding import (
    KEYWORD_IDS,
    POINTER_OFFSET,
    UNANSWERABLE,
    InputEncoder,
    Inputs,
    read,
    spell,
)
from t2s.grammar import END, Grammar, GrammarError, State
from t2s.ir import KEYWORDS, to_sql, to_symbols
from t2s.values import Column, ColumnKind, ForeignKey, Links, Request, Schema, Table, ValueMatch
from tests.tiny import tiny_tokenizer

QUESTION = "orders over 1,500 from tacoma since 2023 or like glove about 77 customers"


def _table(name: str, *columns: tuple[str, ColumnKind]) -> Table:
    return Table(name, tuple(Column(c, kind, primary_key=c == "id") for c, kind in columns))


SALES = Schema(
    (
        _table(
            "customer", ("id", "number"), ("city", "text"), ("joined", "date"), ("vip", "boolean")
        ),
        _table(
            "orders",
            ("id", "number"),
            ("customer_id", "number"),
            ("total", "number"),
            ("day", "text"),
        ),
        _table("filler", ("note", "text")),
    ),
    (ForeignKey("orders", "customer_id", "customer", "id"),),
)
AWKWARD = Schema(
    (
        _table(
            "Order",
            ("select", "text"),
            ("Pay (USD)", "number"),
            ('say "hi"', "text"),
            ("1st", "date"),
        ),
        _table("T1", ("T2", "number"), ("group", "text"), ("count", "number")),
        _table("naïve — names", ("Größe", "number"), ("it's", "text"), ("a.b", "any")),  # type: ignore[arg-type]
    ),
    (ForeignKey("T1", "group", "Order", "select", inferred=True),),
)
EMPLOYEES = Schema(
    (
        _table("emp", ("id", "number"), ("boss_id", "number"), ("name", "text"), ("photo", "blob")),
        _table("job", ("emp_id", "number"), ("title", "text"), ("start", "date")),
        _table("only_text", ("a", "text"), ("b", "text")),
    ),
    (ForeignKey("emp", "boss_id", "emp", "id"), ForeignKey("job", "emp_id", "emp", "id")),
)
VALUES = {
    "sales": (
        ValueMatch("Tacoma", False, "cell", "customer", "city", 22, 28, 1.0),
        ValueMatch("it's", False, "category", "filler", "note"),
        ValueMatch("2023-01-01", False, "date", None, None, 35, 39, 1.0),
        ValueMatch("1500", True, "number", None, None, 12, 17, 1.0),
        ValueMatch("7", True, "cell", "orders", "customer_id", 0, 0, 1.0),
    ),
    "awkward": (ValueMatch('a "quoted" cell', False, "cell", "Order", "select", 0, 0, 1.0),),
    "employees": (),
}
SCHEMAS = {"sales": SALES, "awkward": AWKWARD, "employees": EMPLOYEES}


def lay_out(name: str) -> Inputs:
    request = Request(QUESTION, SCHEMAS[name], Links((), VALUES[name]), ("earlier one about 12",))
    return InputEncoder(tiny_tokenizer()).encode(request)


@pytest.fixture(scope="module")
def sales() -> Inputs:
    return lay_out("sales")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def create(schema: Schema) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    for table in schema.tables:
        columns = ", ".join(quoted(column.name) for column in table.columns)
        connection.execute(f"CREATE TABLE {quoted(table.name)} ({columns})")
    return connection


def ids_of(text: str, inputs: Inputs) -> list[int]:
    """Ids of keywords (a blank in one as NUL), ``->table``, ``->table.column``, ``=value`` and ``~question_word``."""
    markers = {f"->{s.table}": p for p, s in inputs.tables.items()}
    markers |= {f"->{s.table}.{s.column}": p for p, s in inputs.columns.items()}
    markers |= {f"={value.text}": p for p, value in inputs.values.items()}
    for position, piece in reversed(inputs.pieces.items()):
        markers[f"~{inputs.texts[piece.source][piece.start : piece.end]}"] = position
    return [
        POINTER_OFFSET + markers[w] if w in markers else KEYWORD_IDS[w.replace("\0", " ")]
        for w in text.split()
    ]


def follow(text: str, inputs: Inputs) -> State:
    state = Grammar(inputs).start()
    for token in ids_of(text, inputs):
        assert token in state.allowed()
        state = state.advance(token)
    return state


COMPLETE = [
    "unanswerable",
    "from ->customer select *",
    "from ->customer select count *",
    "from ->customer select distinct ->customer.city order ->customer.joined desc limit 3",
    "from ->customer , ->orders select ->customer.city , sum ->orders.total group ->customer.id",
    "from ->customer , ->orders select ->customer.city , max ->orders.total",  # bare columns beside MAX
    "from ->orders left ->customer select ->orders *",
    "from ->orders cross ->filler select count *",
    "from ->orders , ->filler on ->orders.day = ->filler.note select ->filler.note",
    "from ->customer , ->customer @2 on ->customer.city = ->customer.city @2 select ->customer.id @2",
    "from ->customer select ->customer.id where ->customer.city = =Tacoma",
    "from ->customer select ->customer.id where ->customer.city = ' ~tacoma ~tacoma '",
    "from ->customer select ->customer.id where ->customer.city like ' % ~glove ~glove % '",
    "from ->customer select ->customer.id where ->customer.city = ' '",  # an empty text
    "from ->customer select ->customer.id where ->customer.vip",
    "from ->customer select ->customer.id where ->customer.vip and not ->customer.city is_null",
    "from ->orders select count * where ->orders.total > =1500",
    "from ->orders select count * where ->orders.total > ~77 ~77",
    "from ->orders select count * where ->orders.total between 1 . 5 and 2 0",
    "from ->orders select count * where ->orders.customer_id in ( 1 , =7 )",
    "from ->customer select ->customer.city where ->customer.id = =7",  # tied by a key
    "from ->customer select ->customer.city where strftime:%Y ->customer.joined = ' ~2023 ~2023 '",
    "from ->orders select 100.0 times sum flag ( ->orders.total > 5 ) divide count *",
    "from ->orders select sum case when ->orders.total > 5 then ->orders.total else 0 end",
    "from ->orders select round ( avg ->orders.total , 2 )",
    "from ->orders select ->orders.day group ->orders.day having count * > 1 order count * desc limit ~77 ~77",
    "from ->orders select ->orders.id where ->orders.total > ( from ->orders select avg ->orders.total )",
    "from ->customer select ->customer.city where not_exists ( from ->orders select * where "
    "->orders.customer_id = ->customer.id )",
    "from ->orders select ->orders.id where ->orders.total = ( from ->orders select max ->orders.total where "
    "->orders.customer_id = ->orders.customer_id outer )",
    "from ( from ->orders select ->orders.day , count * group ->orders.day ) select avg #2",
    "from ->customer select ->customer.id union from ->orders select ->orders.customer_id order #1 limit 2",
    "select ( from ->orders select count * ) minus ( from ->customer select count * )",
    "from ->orders select ->orders.id , rank over ( partition ->orders.day order ->orders.total desc )",
    "from ->orders select sum ->orders.total over ( )",
    "from ->customer select count * where ->customer.joined >= date ( now , -1\0day )",
]


@pytest.mark.parametrize("text", COMPLETE)
def test_what_may_come(text: str, sales: Inputs) -> None:
    assert END in follow(text, sales).allowed()
    if text != UNANSWERABLE:
        sql = to_sql(read(ids_of(text, sales), sales), SALES)
        assert create(SALES).execute("EXPLAIN " + sql).fetchone() is not None


# What came, and what may not come then.
REFUSED = [
    ("", "where"),
    ("", "</s>"),
    ("from", "select"),
    ("from ->customer select", "</s>"),
    ("from ->customer select", "->orders.total"),  # not in scope
    ("from ->customer select", "->customer"),  # a star of the only table is a star
    ("from ->customer ,", "</s>"),
    ("from ->customer , ->filler", "select"),  # no key links them
    ("from ->customer left ->filler", "</s>"),
    ("from ->customer , ->customer", "on"),  # the second instance wants its number
    ("from ->customer select ->customer.id", "@2"),
    ("from ->customer select ->customer.id", "outer"),
    ("from ->customer select sum", "->customer.city"),
    ("from ->customer select sum", "->customer.joined"),
    ("from ->customer select sum", "*"),
    ("from ->customer select count distinct", "*"),
    ("from ->orders select sum ( ->orders.total plus", "sum"),
    ("from ->customer select ->customer.city", "plus"),
    ("from ->customer select count * where", "count"),
    ("from ->orders select count * where ->orders.total", "</s>"),
    ("from ->orders select count * where ->orders.total =", "'"),
    ("from ->orders select count * where ->orders.total =", "=2023-01-01"),
    ("from ->orders select count * where ->orders.id =", "=7"),  # a cell of another column
    ("from ->customer select count * where ->customer.city =", "=it's"),
    ("from ->orders select count * where ->orders.total = ~77", "~about"),
    ("from ->orders select count * where ->orders.total = 1 .", "</s>"),
    ("from ->orders select count * where ->orders.total = 1 . 5", "."),
    (
        "from ->customer select count * where ->customer.city = ' ~tacoma",
        "~from",
    ),  # before its start
    ("from ->customer select count * where ->customer.city = ' ~tacoma", "'"),
    ("from ->customer select count * where strftime:%Y ->customer.joined =", "2"),
    ("from ->customer select count * where ( ->customer.city", ")"),  # parentheses around nothing
    ("from ->customer select count * where not", "not"),
    ("from ->customer select ->customer.city , count *", "</s>"),  # wants its groups
    ("from ->customer select ->customer.city , count *", "order"),
    ("from ->customer select ->customer.city", "having"),
    ("from ->customer select ->customer.city group", "count"),
    ("from ->customer select ->customer.city order", "count"),
    ("from ->customer select ->customer.city order", "'"),
    ("from ->customer select ->customer.city group", "1"),  # would be a position
    ("from ->customer select ->customer.city limit", "'"),
    ("from ->customer select ->customer.city limit 3", "."),
    ("from ->customer select ->customer.city limit", "~tacoma"),
    ("from ->customer select ->customer.city limit 3", "where"),
    ("from ->customer", "where"),
    (
        "from ->customer select ->customer.id , ->customer.city union from ->orders select ->orders.id",
        "</s>",
    ),
    ("from ->customer select ->customer.id union from ->orders select ->orders.id", ","),
    ("from ->customer select ->customer.id union from ->orders select", "*"),
    (
        "from ->customer select ->customer.id union from ->orders select ->orders.id order",
        "->orders.id",
    ),
    ("from ->customer select ->customer.id union from ->orders select ->orders.id order", "#2"),
    ("from ->orders select count * where ->orders.total > ( from ->orders select ->orders.id", ","),
    ("from ->orders select count * where ->orders.total > ( from ->orders select", "*"),
    ("from ->customer select count * where exists ( from ->orders select sum", "->customer.id"),
    ("from ( from ->orders select ->orders.id ) select", "#2"),
    ("from ( from ->orders select ->orders.id ) select", "->orders.id"),
    ("from ->orders select rank", "</s>"),
    ("from ->orders select sum distinct ->orders.total", "over"),
    ("select", "count"),
    ("select", "*"),
    ("unanswerable", "from"),
]


@pytest.mark.parametrize(("before", "refused"), REFUSED)
def test_what_may_not_come(before: str, refused: str, sales: Inputs) -> None:
    state = follow(before, sales)
    (token,) = ids_of(refused, sales)
    assert token not in state.allowed()
    with pytest.raises(GrammarError):
        state.advance(token)


HOTEL = Schema(
    (
        Table(
            "guest",
            (
                Column("id", "number", primary_key=True),
                Column("name", "text", nullable=False, samples=("Ann", "Bob")),
                Column("city", "text", samples=("Oslo",)),
                Column("age", "number"),
                Column("vip", "boolean"),
                Column("born", "date", date_format="%d/%m/%Y", samples=("01/02/1990",)),
                Column("came", "date", date_format="%m/%d/%Y", samples=("02/01/2020",)),
                Column("left_on", "date", date_format="%Y-%m-%d", samples=("2020-02-01",)),
                Column("day_number", "number", samples=("20200131",)),
            ),
        ),
        Table(
            "stay", (Column("id", "number"), Column("guest_id", "number"), Column("paid", "number"))
        ),
    ),
    (ForeignKey("stay", "guest_id", "guest", "id"),),
)


@pytest.fixture(scope="module")
def hotel() -> Inputs:
    values = (
        ValueMatch("Oslo", False, "cell", "guest", "city", 0, 0, 1.0),
        ValueMatch("Rome", False, "cell", "guest", "city", 0, 0, 1.0),
    )
    request = Request("more than 77 in 10 of 12345 or 0 ?", HOTEL, Links((), values))
    return InputEncoder(tiny_tokenizer()).encode(request)


CLAIMS = Schema(
    (
        _table("holder", ("id", "number"), ("town", "text")),
        _table("policy", ("id", "number"), ("holder_id", "number")),
        _table("claim", ("id", "number"), ("policy_id", "number")),
        _table("car", ("policy_id", "number"), ("make", "text")),
        _table("note", ("text", "text")),
    ),
    (
        ForeignKey("policy", "holder_id", "holder", "id"),
        ForeignKey("claim", "policy_id", "policy", "id"),
        ForeignKey("car", "policy_id", "policy", "id"),
    ),
)
# What came, tables that may be joined, and tables that may not because one between is missing.
JOINABLE = [
    ("from ->claim ,", "->policy ->car ->note ->claim", "->holder"),
    ("from ->claim left", "->policy ->car", "->holder"),
    ("from ->claim , ->policy ,", "->holder ->car ->note", ""),
    ("from ->holder ,", "->policy ->note", "->claim ->car"),
    ("from ->note ,", "->holder ->policy ->claim ->car", ""),
    ("from ->claim cross", "->holder ->policy", ""),
]


@pytest.mark.parametrize(("before", "allowed", "refused"), JOINABLE)
def test_a_join_skips_no_table(before: str, allowed: str, refused: str) -> None:
    request = Request("claims by town", CLAIMS, Links((), ()))
    inputs = InputEncoder(tiny_tokenizer()).encode(request)
    found = follow(before, inputs).allowed()
    assert set(ids_of(allowed, inputs)) <= found
    assert not set(ids_of(refused, inputs)) & found


_G = "from ->guest select"
_W = "from ->guest select count * where"
_OR = f"{_W} ->guest.city = =Oslo or ->guest.city ="
_TWO = "from ->guest , ->guest @2 on"
_STAYS = "from ->guest , ->stay on"
# What came, ids that would be valid and senseless, and neighbours that are not.
SENSELESS = [
    # a comparison with itself
    (f"{_W} ->guest.age =", "->guest.age", "->guest.id ->guest.city 1"),
    (f"{_W} ->guest.age >", "->guest.age", "->guest.id ("),
    (f"{_W} lower ->guest.city = lower", "->guest.city", "->guest.name"),
    (f"{_W} strftime:%Y ->guest.left_on = strftime:%Y", "->guest.left_on", "->guest.born"),
    (f"{_W} strftime:%Y ->guest.left_on = strftime:%m", "", "->guest.left_on"),
    ("from ->guest , ->stay select count * where ->guest.id =", "->guest.id", "->stay.id"),
    # an operation with itself
    (f"{_G} julianday ->guest.left_on minus julianday", "", "->guest.born"),
    (f"{_G} julianday ->guest.left_on minus julianday ->guest.left_on", "</s> , where", "times"),
    (f"{_G} ->guest.age divide", "->guest.age", "->guest.id"),
    (f"{_G} 100.0 times ->guest.age divide", "->guest.age", "->guest.id"),
    (f"{_G} ->guest.id divide ->guest.age divide", "", "->guest.age"),  # by its square
    (f"{_G} ->guest.age times", "", "->guest.age"),
    (f"{_G} ->guest.age minus ->guest.age", "</s> , where plus", "times"),  # a price less its part
    (f"{_G} sum flag ( ->guest.vip ) divide sum flag ( ->guest.vip", ")", "or ="),
    # ON
    (f"{_STAYS} ->guest.id =", "->guest.id ->guest.age 1 case", "->stay.id ->stay.guest_id"),
    (f"{_STAYS} ->stay.paid =", "->stay.id ->stay.paid", "->guest.id ->guest.age"),
    (f"{_TWO} ->guest.id =", "1", "->guest.id ->guest.age"),
    (f"{_TWO} ->guest.id = ->guest.age", "select", "@2"),
    (f"{_TWO} ->guest.id @2 = ->guest.age", "@2", "select"),
    (f"{_STAYS} ->guest.id = ->stay.guest_id and ->stay.paid >", "", "->stay.id 1"),
    (f"{_STAYS} ->guest.id plus 1 =", "", "->guest.id ->stay.id"),  # more than a column
    # the same literal again
    (f"{_W} ->guest.city in ( =Oslo ,", "=Oslo", "=Rome '"),
    (f"{_W} ->guest.age in ( 1 , 1", ") ,", "2 ."),
    (f"{_W} ->guest.age in ( 1 ,", "", "1 2"),
    (f"{_W} ->guest.age in ( 1 , 2 , 1", ") ,", "5"),
    (f"{_W} ->guest.age between ~77 ~77 and", "~77", "7 1"),
    (f"{_W} ->guest.age between 5 and 5", "</s> group", "0"),
    (_OR, "=Oslo", "=Rome '"),
    (f"{_W} ->guest.city = =Oslo and ->guest.city !=", "", "=Oslo"),
    (f"{_W} ->guest.age > 5 or ->guest.id > 5 or ->guest.age > 5", "</s> and", "0 ."),
    (f"{_W} ->guest.id > 5 or ->guest.age > 5 and ->guest.age > 5", "</s> and", "0 ."),
    (f"{_W} ->guest.vip and ->guest.age > 5 or ->guest.id > 5 and ->guest.age > 5", "", "</s>"),
    # outputs and keys
    (f"{_G} ->guest.city , ->guest.city", "</s> , where", "||"),
    (f"{_G} distinct ->guest.city , ->guest.city", "</s> ,", "||"),
    (f"{_G} ->guest.city ,", "", "->guest.name"),
    (f"{_G} count * , count *", "</s> ,", "divide over"),
    (f"{_G} max ->guest.age , max ->guest.age", "</s> ,", "divide"),
    (f"{_G} max ->guest.age , min", "", "->guest.age"),
    (f"{_G} ->guest.city group ->guest.city , ->guest.city", "</s> , order", "||"),
    (f"{_G} ->guest.city order ->guest.city desc , ->guest.city", "</s> , desc", "||"),
    (f"{_TWO} ->guest.id = ->guest.id @2 select ->guest.age , ->guest.age", "</s> ,", "@2 plus"),
    # CASE
    (f"{_G} case when ->guest.vip then 1 else 1", "end", "0 ."),
    (f"{_G} case when ->guest.vip then 1 else", "", "0 1"),
    (f"{_G} case when ->guest.vip then ->guest.age else", "->guest.age", "->guest.id null"),
    (f"{_G} case when ->guest.vip then 1 when ->guest.age > 3 then 0 else 1", "", "end"),
    # missing cells where none can be
    (f"{_W} ->guest.id", "is_null not_null", "="),
    (f"{_W} ->guest.name", "is_null not_null", "="),
    (f"{_W} ->guest.city", "", "is_null not_null"),
    ("from ->stay left ->guest select count * where ->guest.id", "", "is_null not_null"),
]


@pytest.mark.parametrize(("before", "senseless", "fine"), SENSELESS)
def test_what_is_senseless(before: str, senseless: str, fine: str, hotel: Inputs) -> None:
    state = Grammar(hotel).start()
    for token in ids_of(before, hotel):
        state = state.advance(token)
    assert not state.allowed() & set(ids_of(senseless, hotel))
    assert set(ids_of(senseless, hotel)) <= state.possible()
    assert set(ids_of(fine, hotel)) <= state.allowed()


# What came, ids that do not fit what the columns hold, and neighbours that do.
UNFIT = [
    (
        f"{_G} strftime:%Y",
        "->guest.age ->guest.id ->guest.vip",
        "->guest.left_on ->guest.day_number",
    ),
    (f"{_G} date", "->guest.age ->guest.vip", "->guest.born ->guest.city now"),
    (f"{_G} substr:1:4", "->guest.age ->guest.vip", "->guest.left_on ->guest.day_number"),
    (f"{_G} dmy:%Y-%m", "->guest.age ->guest.came ->guest.left_on", "->guest.born ->guest.city"),
    (f"{_G} mdy:%Y-%m", "->guest.age ->guest.born ->guest.left_on", "->guest.came ->guest.city"),
    ("from ->stay select", "strftime:%Y dmy:%Y-%m substr:1:4 date", "abs length ->stay.id"),
    (f"{_W} ->guest.age", "like not_like", "= in between"),
    (f"{_W} ->guest.vip", "like not_like", "="),
    (f"{_W} ->guest.city", "", "like not_like"),
    (f"{_W} ->guest.born", "", "like"),
    (f"{_W} ->guest.city like", "1 ~77 ->guest.name lower (", "' =Oslo"),
    (f"{_W} ->guest.city like ' %", "", "' % ~77 =Oslo"),
    (f"{_W} ->guest.city =", "1 ~77", "' =Oslo"),
    (f"{_W} ->guest.city in (", "1 ~77", "' =Oslo from"),
    (f"{_W} ->guest.name =", "", "' 1"),  # no cell of it is known
    (f"{_G} ->guest.city limit", "0", "1 9 ~77"),
    (f"{_G} ->guest.city limit 1 0", ".", "0 offset"),
    (f"{_G} ->guest.city limit 1 0 0 0", "0 .", "offset </s>"),
    (f"{_G} ->guest.city limit ~77 ~77 offset", "0", "1"),
]


@pytest.mark.parametrize(("before", "unfit", "fine"), UNFIT)
def test_what_does_not_fit(before: str, unfit: str, fine: str, hotel: Inputs) -> None:
    state = follow(before, hotel)
    assert not state.allowed() & set(ids_of(unfit, hotel))
    assert set(ids_of(fine, hotel)) <= state.allowed()


def test_what_is_senseless_gives_way_where_it_is_all_there_is() -> None:
    schema = Schema((Table("t", (Column("a", "blob"),)),))
    inputs = InputEncoder(tiny_tokenizer()).encode(Request("now 7", schema, Links()))
    state = Grammar(inputs).start()
    for token in ids_of("from ->t select ->t.a , ->t.a", inputs):
        state = state.advance(token)
    assert END in state.allowed()


def test_queries_nest_four_deep(sales: Inputs) -> None:
    inner = "from ->orders select count * where ->orders.total > ( "
    assert KEYWORD_IDS["from"] in follow(inner * 3, sales).allowed()
    deepest = follow(inner * 3 + "from ->orders select count * where ->orders.total > (", sales)
    assert KEYWORD_IDS["from"] not in deepest.allowed()


def test_only_padding_follows_the_end(sales: Inputs) -> None:
    state = follow("unanswerable </s>", sales)
    assert state.allowed() == {KEYWORD_IDS["<pad>"]}
    assert state.advance(KEYWORD_IDS["<pad>"]).closing_distance() == 0


def test_without_tables_it_can_only_decline() -> None:
    inputs = InputEncoder(tiny_tokenizer()).encode(Request(QUESTION, Schema(()), Links()))
    assert Grammar(inputs).start().allowed() == {KEYWORD_IDS[UNANSWERABLE]}


KINDS_THAT_DO_NOT_BIND = [
    Table("customer", (Column("id", "number"), Column("city")), row_count=0),  # no row was seen
    Table("customer", (Column("city", samples=("18", "15.5", "16")),), row_count=9),
]


@pytest.mark.parametrize("table", KINDS_THAT_DO_NOT_BIND)
def test_kinds_that_do_not_bind(table: Table) -> None:
    inputs = InputEncoder(tiny_tokenizer()).encode(Request(QUESTION, Schema((table,)), Links()))
    assert follow("from ->customer select sum ->customer.city", inputs).closing_distance() >= 1


def walk(inputs: Inputs, rng: random.Random, budget: int) -> tuple[list[int], bool]:
    """A random sequence without its end, and whether it could be completed within the budget at every point."""
    state, ids, timely = Grammar(inputs).start(), [], True
    pointing = rng.random()
    while not ids or ids[-1] != END:
        allowed = state.allowed(budget - len(ids))
        keywords = sorted(token for token in allowed if token < len(KEYWORDS))
        pointers = sorted(token for token in allowed if token >= len(KEYWORDS))
        pool = pointers if pointers and (not keywords or rng.random() < pointing) else keywords
        ids.append(rng.choice(pool))
        state = state.advance(ids[-1])
        timely = timely and len(ids) + state.closing_distance() <= budget
    return ids[:-1], timely


@pytest.mark.parametrize("name", SCHEMAS)
def test_random_walks_end_in_time_and_prepare(name: str) -> None:
    inputs, rng, connection = lay_out(name), random.Random(name), create(SCHEMAS[name])
    for _ in range(500):
        ids, timely = walk(inputs, rng, rng.choice([12, 24, 48, 96]))
        assert timely
        if ids == [KEYWORD_IDS[UNANSWERABLE]]:
            continue
        sql = to_sql(read(ids, inputs), SCHEMAS[name])
        assert connection.execute("EXPLAIN " + sql).fetchone() is not None


GOLD = [
    "SELECT city, COUNT(*) FROM customer GROUP BY city ORDER BY COUNT(*) DESC LIMIT 1",
    "SELECT c.city, SUM(o.total) AS t FROM customer c JOIN orders o ON o.customer_id = c.id WHERE o.total > 77 "
    "GROUP BY c.id HAVING t > 1500 ORDER BY t DESC",
    "SELECT COUNT(*) FROM customer WHERE id NOT IN (SELECT customer_id FROM orders) AND city = 'Tacoma'",
    "SELECT AVG(julianday(joined) - julianday('2023-01-01')) FROM customer",
    "SELECT o.day FROM orders o LEFT JOIN customer c ON o.customer_id = c.id WHERE c.id IS NULL",
    "SELECT 100.0 * SUM(CASE WHEN total > 77 THEN 1 ELSE 0 END) / COUNT(*) FROM orders WHERE day LIKE '2023%'",
]


@pytest.mark.parametrize("sql", GOLD)
def test_gold_is_reachable(sql: str, sales: Inputs) -> None:
    ids = spell(to_symbols(sql, SALES), sales)
    assert ids is not None
    state = Grammar(sales).start()
    for token in (*ids, END):
        state = state.advance(token)
    assert state.closing_distance() == 0
