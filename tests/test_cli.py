import json
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from t2s import cli, cli_doctor
from t2s.backends import ModelSpec, checksums
from t2s.backends.scripted import ScriptedBackend
from t2s.errors import BackendError

SCRIPT = {
    "how many": ["SELECT count(*) FROM city"],
    "names": ["SELECT name, size FROM city ORDER BY id"],
    "what is love": [None],
    "broken": ["SELECT nothing FROM city"],
    "photo": ["SELECT x'00ff', 9e999, 'a' || char(27) || 'b', NULL"],
    "many": [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 50) SELECT i, i FROM n"
    ],
}


def load_scripted(spec):
    return ScriptedBackend.from_script(SCRIPT)


def refuse_to_load(spec):
    raise BackendError("There is no model here; check the folder name.")


@pytest.fixture
def folder(tmp_path):
    for name in ("one", "two"):
        with sqlite3.connect(tmp_path / f"{name}.sqlite") as connection:
            connection.execute(
                "CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT, size INTEGER)"
            )
            connection.execute(
                "CREATE TABLE shop (id INTEGER PRIMARY KEY, city_id INTEGER REFERENCES city(id))"
            )
            connection.execute(
                "INSERT INTO city VALUES (1, 'Rome\x1b[31m', 2800000), (2, 'Oslo', NULL)"
            )
        connection.close()
    (tmp_path / "bad.sqlite").write_bytes(b"no database at all" * 100)
    return tmp_path


def run(folder, *words, load_backend=load_scripted):
    return cli.main([word.replace("DIR", str(folder)) for word in words], load_backend)


ASKED = [
    ("how many", cli.DONE, "Number of cities.\n\n2\n\n1 row, confidence 100%"),
    ("names", cli.DONE, "name       size\n---------  -------\nRome [31m  2800000\nOslo\n\n2 rows"),
    ("what is love", cli.UNANSWERABLE, "it has the tables city and shop.\n"),
    ("photo", cli.DONE, "<2 bytes>"),
    ("many", cli.DONE, "... and 10 more rows; --json prints them."),
]


@pytest.mark.parametrize(("question", "code", "words"), ASKED)
def test_ask(folder, capsys, question, code, words):
    assert run(folder, "ask", "DIR/one.sqlite", question) == code
    out, err = capsys.readouterr()
    assert words in out
    assert err == ""
    assert "\x1b" not in out


def test_ask_shows_the_sql(folder, capsys):
    run(folder, "ask", "DIR/one.sqlite", "how many")
    assert capsys.readouterr().out.endswith("\n\nSELECT count(*)\nFROM city\n")


FAILURES = [
    (("ask", "DIR/one.sqlite", ""), "Type a question first"),
    (("ask", "DIR/one.sqlite", "broken"), "None of the statements"),
    (("ask", "DIR/bad.sqlite", "how many"), "bad"),
    (("ask", "DIR/missing.sqlite", "how many"), "missing"),
    (("schema", "DIR/bad.sqlite"), "bad"),
    (
        ("batch", "--questions", "DIR/no.jsonl", "--databases", "DIR", "--out", "DIR/p.jsonl"),
        "--questions",
    ),
    (
        ("batch", "--questions", "DIR/bad.sqlite", "--databases", "DIR/no", "--out", "DIR/p.jsonl"),
        "--databases",
    ),
    (
        ("batch", "--questions", "DIR/bad.sqlite", "--databases", "DIR", "--out", "DIR/bad.sqlite"),
        "--out",
    ),
    (
        ("batch", "--questions", "DIR/bad.sqlite", "--databases", "DIR", "--out", "DIR/no/p.jsonl"),
        "--out",
    ),
]


@pytest.mark.parametrize(("words", "message"), FAILURES)
def test_failures_are_one_sentence(folder, capsys, words, message):
    assert run(folder, *words) == cli.FAILED
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_a_model_that_cannot_be_loaded(folder, capsys):
    assert (
        run(folder, "ask", "DIR/one.sqlite", "how many", load_backend=refuse_to_load) == cli.FAILED
    )
    assert capsys.readouterr().err == "There is no model here; check the folder name.\n"


def test_model_folder_reaches_the_loader(folder):
    seen = []
    run(
        folder,
        "ask",
        "DIR/one.sqlite",
        "how many",
        "--model",
        "DIR/m",
        load_backend=lambda s: seen.append(s) or load_scripted(s),
    )
    assert seen == [ModelSpec("compact", folder / "m")]


def test_ask_json(folder, capsys):
    assert run(folder, "ask", "DIR/one.sqlite", "photo", "--json") == cli.DONE
    answer = json.loads(capsys.readouterr().out)
    assert answer["result"]["rows"] == [["<2 bytes>", "inf", "a\x1bb", None]]
    assert set(answer) == {
        "question",
        "sentence",
        "confidence",
        "result",
        "alternatives",
        "notes",
        "seconds",
    }


def test_schema(folder, capsys):
    assert run(folder, "schema", "DIR/one.sqlite") == cli.DONE
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "city (2 rows)"
    assert lines[1].startswith("  id: number, primary key")
    assert lines[-1] == "shop.city_id -> city.id"


def test_schema_json(folder, capsys):
    assert run(folder, "schema", "DIR/one.sqlite", "--json") == cli.DONE
    schema = json.loads(capsys.readouterr().out)
    assert [table["name"] for table in schema["tables"]] == ["city", "shop"]


BATCH = [
    # line of questions -> id, statement, words of the error
    ('{"id": 1, "db": "one", "question": "how many"}', 1, "SELECT count(*) FROM city", ""),
    (
        '{"id": "b", "db": "two", "question": "names", "history": ["how many"]}',
        "b",
        SCRIPT["names"][0],
        "",
    ),
    ('{"id": 3, "db": "one", "question": "what is love"}', 3, None, ""),
    ('{"id": 4, "db": "one", "question": "broken"}', 4, None, "None of the statements"),
    ('{"id": 5, "db": "bad", "question": "how many"}', 5, None, "bad"),
    ('{"id": 6, "db": "gone", "question": "how many"}', 6, None, "gone"),
    ('{"id": 7, "db": "one", "question": ""}', 7, None, "Type a question"),
    ('{"id": 8, "db": "../one", "question": "how many"}', 8, None, "plain name"),
    ('{"id": 9, "db": "", "question": "how many"}', 9, None, "plain name"),
    ('{"id": 10, "db": "one\\u0000", "question": "how many"}', 10, None, "plain name"),
    ('{"id": 11, "db": "one"}', 11, None, "Line 11 needs"),
    (
        '{"id": 12, "db": "one", "question": "how many", "history": "names"}',
        12,
        None,
        "list of texts",
    ),
    (
        '{"id": 13, "db": "one", "question": "how many", "history": null}',
        13,
        "SELECT count(*) FROM city",
        "",
    ),
    ("not json", None, None, "Line 14 is not JSON"),
    ("[1, 2]", None, None, "Line 15 is not a JSON object"),
    ("[" * 100_000, None, None, "Line 16 is not JSON"),
    ('{"db": "one", "question": "caf\\ud800"}', None, None, "not text"),
    ('{"id": 18, "db": "one", "question": "HOW MANY "}', 18, "SELECT count(*) FROM city", ""),
]


def test_batch(folder, capsys):
    (folder / "q.jsonl").write_text(
        "\ufeff" + "\n".join(row[0] for row in BATCH) + "\n\n", encoding="utf-8"
    )
    code = run(
        folder, "batch", "--questions", "DIR/q.jsonl", "--databases", "DIR", "--out", "DIR/p.jsonl"
    )
    records = [json.loads(line) for line in (folder / "p.jsonl").read_text().splitlines()]
    assert code == cli.DONE
    assert [(r["id"], r["sql"]) for r in records] == [(key, sql) for _, key, sql, _ in BATCH]
    assert [
        r["id"] for r, row in zip(records, BATCH, strict=True) if row[3] not in r.get("error", "")
    ] == []
    assert [("error" in r) for r in records] == [bool(row[3]) for row in BATCH]
    assert {tuple(r)[:4] for r in records} == {("id", "sql", "confidence", "seconds")}
    assert f"{len(BATCH)}/{len(BATCH)}" in capsys.readouterr().err


def test_batch_bytes_that_are_not_text(folder):
    (folder / "q.jsonl").write_bytes(b'\xff\xfe{}\n{"id": 2, "db": "one", "question": "how many"}')
    run(folder, "batch", "--questions", "DIR/q.jsonl", "--databases", "DIR", "--out", "DIR/p.jsonl")
    records = [json.loads(line) for line in (folder / "p.jsonl").read_text().splitlines()]
    assert [r["sql"] for r in records] == [None, "SELECT count(*) FROM city"]


def test_batch_keeps_what_is_done_when_interrupted(folder, capsys):
    class Interrupted(ScriptedBackend):
        def generate(self, request, decoding):
            if self.requests:
                raise KeyboardInterrupt
            return super().generate(request, decoding)

    line = '{"id": 1, "db": "one", "question": "how many"}\n'
    (folder / "q.jsonl").write_text(line * 3)
    words = ("batch", "--questions", "DIR/q.jsonl", "--databases", "DIR", "--out", "DIR/p.jsonl")
    assert (
        run(folder, *words, load_backend=lambda _: Interrupted(load_scripted(None).answers))
        == cli.INTERRUPTED
    )
    assert len((folder / "p.jsonl").read_text().splitlines()) == 1
    assert "Interrupted." in capsys.readouterr().err


USAGE = [
    (),
    ("fly",),
    ("ask", "DIR/one.sqlite"),
    ("batch", "--out", "x"),
    ("schema", "a", "--fast"),
]


@pytest.mark.parametrize("words", USAGE)
def test_wrong_usage_exits_with_2(folder, words):
    with pytest.raises(SystemExit) as caught:
        run(folder, *words)
    assert caught.value.code == 2


@pytest.mark.parametrize("command", ["ask", "schema", "batch"])
def test_every_flag_has_help(capsys, command):
    with pytest.raises(SystemExit) as caught:
        cli.main([command, "--help"])
    assert caught.value.code == 0
    flags = [
        line.split()
        for line in capsys.readouterr().out.split("options:")[1].splitlines()
        if line.strip().startswith("--")
    ]
    assert all(len(words) > 1 for words in flags)


def test_as_a_program(folder):
    (folder / "script.json").write_text(json.dumps(SCRIPT))
    root = Path(__file__).resolve().parents[1]
    words = [
        "-m",
        "t2s",
        "ask",
        str(folder / "one.sqlite"),
        "how many",
        "--model",
        str(folder / "script.json"),
    ]
    done = subprocess.run(
        [sys.executable, *words], cwd=root, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Number of cities." in done.stdout


FLAGS = [
    ("flags : fpu avx512_bf16 sse2\n", "ok", "with bfloat16"),
    ("flags : fpu avx512f\n", "note", "without bfloat16"),
    (None, "note", "features unknown"),
]


@pytest.fixture
def model(tmp_path):
    """A folder whose list of hashes is right; doctor does not load it."""
    path = tmp_path / "tiny"
    path.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (path / name).write_text(name)
    checksums.write(path)
    return path


def examine(model, samples, cpu_file=cli_doctor.CPU_FILE):
    return list(cli_doctor.examine(model, samples, cpu_file))


@pytest.mark.parametrize(("text", "state", "said"), FLAGS)
def test_doctor_reads_what_the_processor_can_do(folder, model, text, state, said):
    path = folder / "cpuinfo"
    if text is not None:
        path.write_text(text)
    found = [f for f in examine(model, [], path) if f.text.startswith("Processor")]
    assert [f.state for f in found] == [state]
    assert said in found[0].text


def test_doctor_finds_nothing_missing(folder, model):
    found = examine(model, [folder / "one.sqlite"])
    assert [f for f in found if f.state == "missing"] == []
    texts = [f.text for f in found]
    assert [t.split()[0].rstrip(":") for t in texts if "Sandbox" not in t] == [
        *("Python", "SQLite", "Libraries", "Temporary", "Processor", "Model", "Sample")
    ]
    assert any(t.startswith("Sandbox") for t in texts)
    assert "Sample one: readable, 2 objects" in texts


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda model: (model / "model.safetensors").unlink(), "has no model.safetensors"),
        (lambda model: (model / "model.safetensors").write_text("x"), "altered"),
        (lambda model: (model / "SHA256SUMS").unlink(), "has no SHA256SUMS"),
    ],
)
def test_doctor_names_what_is_wrong_with_the_model(folder, model, break_it, said):
    break_it(model)
    missing = [f.text for f in examine(model, [folder / "one.sqlite"]) if f.state == "missing"]
    assert len(missing) == 1
    assert said in missing[0]
    assert str(folder) not in missing[0]


@pytest.mark.parametrize(("names", "said"), [((), "Samples: there are none"), (("bad",), "bad")])
def test_doctor_names_samples_that_cannot_be_read(folder, model, names, said):
    found = examine(model, [folder / f"{name}.sqlite" for name in names])
    assert [said in f.text for f in found if f.state == "missing"] == [True]


def test_doctor_tells_what_the_sandbox_lacks(folder, model):
    found = [*cli_doctor.examine(model, [], list_unprotected=lambda: ("a limit on memory",))]
    assert cli_doctor.Finding("note", "Sandbox: this system lacks a limit on memory") in found


def test_doctor_needs_a_writable_temporary_folder(folder, model, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "nowhere"))
    missing = [f.text for f in examine(model, [folder / "one.sqlite"]) if f.state == "missing"]
    assert missing == ["Temporary folder: it cannot be written; set TMPDIR to one that can."]


@pytest.mark.parametrize(("broken", "code"), [(False, cli.DONE), (True, cli.FAILED)])
def test_doctor_prints_one_line_each(folder, model, capsys, broken, code):
    if broken:
        (model / "tokenizer.json").unlink()
    assert run(folder, "doctor", "--model", str(model)) == code
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} <= {"ok", "note", "missing"}
    assert sum(line.startswith("missing") for line in lines) == broken
    assert [line for line in lines if "Sample bookshop: readable" in line]
