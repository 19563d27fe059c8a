import pytest

from t2s import prompt
from t2s.values import Column, ForeignKey, Schema, Table

SCHEMA = Schema(
    (
        Table(
            "members",
            (
                Column("id", "number", "INTEGER", primary_key=True),
                Column("Full Name", "text", "VARCHAR(40)", samples=("Ada O'Hara", "two\nlines")),
                Column("joined", "date", samples=("2024-01-31",)),
                Column("stat", nl_name="status", samples=("ACT", "x" * 60)),
            ),
        ),
        Table(
            "order",
            (
                Column("member", "number", primary_key=True),
                Column("no", "number", primary_key=True, samples=("1", "2")),
                Column('say "hi"', "boolean"),
            ),
        ),
        Table("empty", (Column("photo", "blob"),)),
    ),
    (ForeignKey("order", "member", "members", "id"),),
)

GOLDEN = '''\
Write one SQLite SELECT statement that answers the question from these tables. If they cannot answer it, write CANNOT ANSWER.

CREATE TABLE members (
  id INTEGER PRIMARY KEY,
  "Full Name" VARCHAR(40), -- e.g. 'Ada O''Hara', 'two lines'
  joined TEXT, -- e.g. '2024-01-31'
  stat TEXT -- status; e.g. 'ACT', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'
);

CREATE TABLE "order" (
  member REAL,
  no REAL, -- e.g. 1, 2
  "say ""hi""" INTEGER,
  PRIMARY KEY (member, no),
  FOREIGN KEY (member) REFERENCES members (id)
);

CREATE TABLE empty (
  photo BLOB
);

Earlier question: How many members?
Question: And  "active" ones?
SQL:'''


def test_prompt_of_version_1():
    # A change here needs a new PROMPT_VERSION: adapters fit one version of the text.
    assert prompt.PROMPT_VERSION == 1
    assert prompt.build('And  "active" ones?', SCHEMA, ("How many members?",)) == GOLDEN


def test_prompt_without_tables():
    assert prompt.build("q", Schema(())) == f"{prompt.INSTRUCTION}\n\n\n\nQuestion: q\nSQL:"


S = "SELECT a FROM t"
OUTPUTS = [
    (S, S),
    (f" {S}", S),
    (f"{S};", S),
    (f"{S};;\n", S),
    (f"```sql\n{S}\n```", S),
    (f"```\n{S};\n```", S),
    (f"```SQLite\n{S}", S),
    (f"```sql {S}```", S),
    (f"Here you go:\n```sql\n{S};\n```\nIt selects a from t.", S),
    (f"```python\nprint(1)\n```\nthen\n```sql\n{S}\n```", S),
    (f"SQL: {S}", S),
    (f"SQL:\n{S}", S),
    (f"The query is: {S}", S),
    (f"To select the names you can use this. {S}", S),
    (f"With this statement you select a. {S}", S),
    (f"{S}; {S}", S),
    (f"{S}; DROP TABLE t", S),
    (f"{S}\n\nThis query lists every a.", S),
    (f"{S}\nThis query lists every a.", S),
    (f"{S}\nThanks", S),
    (f"{S}\nExplanation: it lists a.", S),
    (f"{S}\nQuestion: How many?\nSQL: SELECT count(*) FROM t", S),
    (f"{S}\n\n### Next\n{S}", S),
    (f"{S}</s>", S),
    (f"{S}<|im_end|>", S),
    (f"{S} [/INST]", S),
    (f"<sql>{S}</sql>", S),
    (f"<think>I could select b. SELECT b FROM t</think>{S}", S),
    (f"Use `{S}` for that.", S),
    (f'{{"sql": "{S}"}}', S),
    (f'{{"query": "{S};", "why": "SELECT b"}}', S),
    ('{"sql": 3}', None),
    ("{broken", None),
    ("select a\nfrom t\nwhere b = 1", "select a\nfrom t\nwhere b = 1"),
    ("SELECT a\n\nFROM t\n\nWHERE b = 1", "SELECT a\n\nFROM t\n\nWHERE b = 1"),
    ("SELECT a FROM t\r\nWHERE b = 1", "SELECT a FROM t\nWHERE b = 1"),
    ("SELECT a FROM t WHERE b = 'x; y' ; ok", "SELECT a FROM t WHERE b = 'x; y'"),
    ("SELECT a FROM t WHERE b = 'it''s; so'", "SELECT a FROM t WHERE b = 'it''s; so'"),
    ('SELECT "a;b" FROM t; SELECT 2', 'SELECT "a;b" FROM t'),
    ("SELECT a -- all; of it\nFROM t; SELECT 2", "SELECT a -- all; of it\nFROM t"),
    ("WITH r AS (SELECT 1 AS n) SELECT n FROM r", "WITH r AS (SELECT 1 AS n) SELECT n FROM r"),
    (
        "Answer: WITH r(n) AS (SELECT 1)\nSELECT n FROM r;",
        "WITH r(n) AS (SELECT 1)\nSELECT n FROM r",
    ),
    ("SELECT a FROM t UNION SELECT b FROM u", "SELECT a FROM t UNION SELECT b FROM u"),
    ("SELECT (SELECT max(b) FROM u) FROM t", "SELECT (SELECT max(b) FROM u) FROM t"),
    (f"({S})", S),
    (
        "SELECT a FROM t WHERE",
        "SELECT a FROM t WHERE",
    ),  # cut short: left to the guard and the engine
    ("SELECT 'open", "SELECT 'open"),
    ("CANNOT ANSWER", None),
    ("I cannot answer that.", None),
    ("DROP TABLE t", None),
    ("", None),
    ("   \n", None),
    ("selection of withdrawals", None),
]


@pytest.mark.parametrize(("text", "expected"), OUTPUTS)
def test_extract_sql(text, expected):
    assert prompt.extract_sql(text) == expected


def test_what_training_writes_for_a_decline_is_read_as_one():
    assert prompt.extract_sql(f" {prompt.DECLINE}") is None
