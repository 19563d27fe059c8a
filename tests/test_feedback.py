"""Corrections: kept, changed, exported and imported; and what becomes of them when something fails."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from t2s import feedback, feedback_file, feedback_lines
from t2s.errors import DatabaseError
from t2s.feedback import Correction
from train import data

ROOT = Path(__file__).resolve().parents[1]
FIRST = Correction(
    question="how many 🙂 naïve customers\nare there?",
    right_sql="SELECT count(*) FROM customers",
    database_name="shop",
    fingerprint="abc",
    history=("list customers", "in 'Oslo'"),
    wrong_sql='SELECT "x" FROM orders',
    note="people, not orders",
    model_version="1f2e",
    created_at="2025-07-01T12:00:00Z",
    id="1" * 32,
)
DECLINED = Correction("what is love?", None, "shop", created_at="2025-07-02T12:00:00Z", id="2" * 32)
ELSEWHERE = Correction("total?", "SELECT 1", "a b.csv", created_at="2025-07-03T12:00:00Z")
ALL = (FIRST, DECLINED, ELSEWHERE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "feed back #1.sqlite"


@pytest.fixture
def store(path: Path) -> feedback.Store:
    opened = feedback.open_store(path, busy_seconds=0.1)
    assert feedback.save_all(opened, ALL) == 3
    return opened


def say(error: pytest.ExceptionInfo[DatabaseError], *hidden: Path) -> str:
    """The sentence for the user; it must be one, without a path."""
    sentence = str(error.value)
    assert sentence.endswith(".")
    assert sentence.count(". ") == 0
    assert not [path for path in hidden if str(path) in sentence]
    return sentence


def test_what_is_saved_is_listed_after_reopening(store, path):
    again = feedback.open_store(path)
    assert (again.path, again.notes) == (path, ())
    assert feedback.list_corrections(again) == ALL
    assert feedback.list_corrections(again, "shop") == (FIRST, DECLINED)
    assert feedback.list_corrections(again, "nothing") == ()
    assert path.stat().st_mode & 0o077 == 0


def test_saving_again_after_an_error_does_not_double(store):
    feedback.save(store, FIRST)
    assert feedback.save_all(store, ALL) == 0
    assert len(feedback.list_corrections(store)) == 3


def test_another_correction_of_the_same_id_is_kept_beside(store):
    other = replace(FIRST, note="something else")
    assert feedback.save_all(store, (other, other)) == 1
    notes = [c.note for c in feedback.list_corrections(store)]
    assert sorted(notes) == sorted([*(c.note for c in ALL), "something else"])


def test_every_part_has_its_column():
    assert tuple(field.name for field in dataclasses.fields(Correction)) == feedback_file.COLUMNS


def test_edit_and_delete(store):
    better = replace(FIRST, right_sql=None, history=())
    feedback.edit(store, FIRST, better)
    feedback.edit(store, FIRST, better)  # an answer got lost and the page tries again
    assert feedback.list_corrections(store) == (better, DECLINED, ELSEWHERE)
    feedback.delete(store, FIRST.id)
    feedback.delete(store, FIRST.id)
    assert feedback.list_corrections(store) == (DECLINED, ELSEWHERE)


def test_an_edit_never_undoes_that_of_another_tab(store):
    theirs, mine = replace(FIRST, note="theirs"), replace(FIRST, note="mine")
    feedback.edit(store, FIRST, theirs)
    with pytest.raises(DatabaseError, match="changed meanwhile; reload") as caught:
        feedback.edit(store, FIRST, mine)
    say(caught)
    assert feedback.list_corrections(store)[0] == theirs
    feedback.delete(store, FIRST.id)
    with pytest.raises(DatabaseError, match="deleted meanwhile; save it as a new one"):
        feedback.edit(store, theirs, mine)
    with pytest.raises(ValueError, match="keeps its id"):
        feedback.edit(store, FIRST, DECLINED)


IMPOSSIBLE = [
    {"question": " "},
    {"question": "x" * 2001},
    {"question": "\ud800"},
    {"question": None},
    {"right_sql": "x" * 100_001},
    {"history": (None,)},
    {"note": 3},
    {"database_name": ""},
    {"database_name": "../../etc/passwd"},
    {"database_name": "..\\x"},
    {"database_name": ".hidden"},
    {"database_name": "a\nb"},
    {"created_at": "yesterday"},
]


@pytest.mark.parametrize("change", IMPOSSIBLE)
def test_impossible_corrections(change: dict):
    with pytest.raises(ValueError, match=r"^(question|right sql|history|note|database name|time) "):
        replace(FIRST, **change)


def test_new_corrections_have_an_id_and_a_time_of_their_own():
    one, other = (Correction("q", None, "d") for _ in range(2))
    assert one.id != other.id
    assert one.created_at.endswith("Z")


# JSON lines


def test_export_and_import_bring_everything_back(store, tmp_path):
    lines = feedback_lines.export_jsonl(store)
    other = feedback.open_store(tmp_path / "other.sqlite")
    assert feedback_lines.import_jsonl(other, lines.encode()) == 3
    assert feedback.list_corrections(other) == ALL
    assert feedback_lines.import_jsonl(other, lines.encode()) == 0
    assert feedback_lines.export_jsonl(other, "a b.csv") == lines.splitlines(keepends=True)[2]


def test_training_reads_what_is_exported(store, tmp_path):
    target = tmp_path / "train.jsonl.gz"
    target.write_bytes(gzip.compress(feedback_lines.export_jsonl(store).encode()))
    assert data.read_file(target, "own") == tuple(
        data.Pair("own", c.database_name, c.question, c.right_sql, c.history) for c in ALL
    )
    record = json.loads(feedback_lines.export_jsonl(store).splitlines()[0])
    assert (record["split"], record["source"]) == ("train", "corrections")


def test_lines_of_training_sets_are_imported_once(store):
    lines = b'\xef\xbb\xbf{"db_id": "d", "question": "q", "sql": null, "level": "easy"}\r\n\n'
    lines += '{"db_id": "d", "question": "a\u2028b", "sql": "SELECT 1"}'.encode()
    assert feedback_lines.import_jsonl(store, lines) == 2
    assert feedback_lines.import_jsonl(store, lines) == 0
    found = feedback.list_corrections(store, "d")
    assert [(c.question, c.right_sql) for c in found] == [("q", None), ("a\u2028b", "SELECT 1")]


GOOD = '{"db_id": "d", "question": "q", "sql": "SELECT 1"}'
BAD = [
    ("nonsense", "is not a JSON object"),
    ("[1]", "is not a JSON object"),
    ("[" * 100_000, "is not a JSON object"),
    ('{"question": "q", "sql": null}', "has no db_id"),
    ('{"db_id": "d", "sql": null}', "has no question"),
    ('{"db_id": "d", "question": "q"}', "has no sql"),
    (GOOD.replace('"q"', "7"), "has a question that is not text"),
    (GOOD.replace('"q"', '""'), "has a question that is empty"),
    (GOOD.replace('"q"', '"\\ud800"'), "has a question that is not text"),
    (GOOD.replace('"d"', '"../d"'), "has a database name that cannot name a file"),
    (GOOD.replace("SELECT 1", "DROP TABLE x"), "has an sql that is not one SELECT statement"),
    (GOOD.replace("SELECT 1", ""), "has an sql that is not one SELECT statement"),
    (GOOD.replace('"SELECT 1"', "5"), "has an sql that is not one SELECT statement"),
    (GOOD.replace("}", ', "history": "x"}'), "has a history that is not a list"),
    (GOOD.replace("}", ', "history": [1]}'), "has a history that is not text"),
    (GOOD.replace("}", ', "id": 5}'), "has a id that is not text"),
]


@pytest.mark.parametrize(("line", "what"), BAD)
def test_a_bad_line_is_named_and_nothing_is_imported(store, line: str, what: str):
    with pytest.raises(DatabaseError) as caught:
        feedback_lines.import_jsonl(store, f"{GOOD}\n\n{line}\n{GOOD}".encode())
    assert say(caught).startswith(f"Line 3 {what}, so nothing was imported; correct or remove")
    assert feedback.list_corrections(store) == ALL


@pytest.mark.parametrize(
    ("content", "what"), [(b"\xff\xfe", "UTF-8"), (b" " * 20_000_001, "split it")]
)
def test_files_that_are_no_lines(store, content: bytes, what: str):
    with pytest.raises(DatabaseError, match=what) as caught:
        feedback_lines.import_jsonl(store, content)
    say(caught)


# Faults

FULL_DISK = """
import resource, sys
from pathlib import Path
from t2s import feedback
from t2s.errors import DatabaseError
store = feedback.open_store(Path(sys.argv[1]))
new = [feedback.Correction("q" * 2000, "SELECT 1", "d") for _ in range(100)]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    feedback.save_all(store, new)
except DatabaseError as error:
    print(error, len(new[0].question))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
print(len(feedback.list_corrections(store)))
print(feedback.save_all(store, new))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on the size of files")
@pytest.mark.parametrize("left_bytes", [0, 1, 5000, 40_000, 180_000])
def test_a_full_disk(store, path: Path, left_bytes: int):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path), str(left_bytes)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    sentence, kept, added = done.stdout.splitlines()
    assert sentence.startswith("There is no room to save this, or the disk fails; free some space")
    assert (sentence.endswith("intact. 2000"), kept, added) == (True, "3", "100")
    assert feedback.list_corrections(store)[:3] == ALL


def test_a_file_that_may_not_grow(store, monkeypatch):
    connect = feedback_file._connect

    def connect_to_a_full_disk(wanted: feedback.Store) -> sqlite3.Connection:
        connection = connect(wanted)
        connection.execute("PRAGMA max_page_count = 1")
        return connection

    monkeypatch.setattr(feedback_file, "_connect", connect_to_a_full_disk)
    large = Correction("q", "SELECT 1", "d", note="x" * 5000)
    with pytest.raises(DatabaseError, match="no room") as caught:
        feedback.save_all(store, (replace(large, id=str(n)) for n in range(9)))
    say(caught)
    assert feedback.list_corrections(store) == ALL


LOCK = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN EXCLUSIVE")
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("ending", ["", ".lock"])
@pytest.mark.parametrize(
    "act",
    [
        lambda store: feedback.save(store, replace(FIRST, id="9")),
        lambda store: feedback.edit(store, FIRST, replace(FIRST, note="x")),
        lambda store: feedback.delete(store, FIRST.id),
        lambda store: feedback.open_store(store.path, busy_seconds=0.1),
    ],
)
def test_a_file_that_another_program_has_locked(store, path: Path, act, ending: str):
    other = subprocess.Popen(
        [sys.executable, "-c", LOCK, f"{path}{ending}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert other.stdout.readline() == b"ready\n"
    with pytest.raises(
        DatabaseError, match="in use by another program; close it or wait"
    ) as caught:
        act(store)
    other.communicate()
    say(caught, path)
    assert feedback.list_corrections(store) == ALL
    feedback.save(store, replace(FIRST, id="9"))
    assert len(feedback.list_corrections(store)) == 4


def make_text(path: Path) -> None:
    path.write_bytes(b"Dear diary, this is no database at all. " * 20)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def overwrite(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:4400] = b"\xa5" * 304
    path.write_bytes(content)


def drop_table(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE corrections")


DAMAGES = [make_text, cut_off, overwrite, drop_table]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_kept_under_another_name(store, path: Path, damage):
    damage(path)
    damaged = path.read_bytes()
    opened = feedback.open_store(path)
    (aside,) = path.parent.glob("feed back #1-damaged-*Z.sqlite")
    assert aside.read_bytes() == damaged
    (note,) = opened.notes
    assert note.startswith(f"The saved corrections were damaged: they are kept as {aside.name} and")
    assert note.endswith("import your last export to have them back.")
    assert str(path.parent) not in note
    assert feedback.list_corrections(opened) == ()
    feedback.save(opened, FIRST)
    assert feedback.open_store(path).notes == ()
    assert feedback.list_corrections(opened) == (FIRST,)


def test_damages_of_one_second_keep_their_own_files(path: Path, monkeypatch):
    monkeypatch.setattr(feedback_file, "tell_time", lambda form: "20250701T120000Z")
    for number in range(3):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"no database %d" % number)
        Path(f"{path}-shm").write_bytes(b"companion %d" % number)
        feedback.open_store(path)
    kept = sorted(path.parent.glob("*-damaged-*"))
    assert sorted(file.read_bytes() for file in kept) == [
        *(b"companion %d" % n for n in range(3)),
        *(b"no database %d" % n for n in range(3)),
    ]


@pytest.mark.parametrize("damage", DAMAGES[:2])
def test_damage_while_running_is_told_and_mended_by_opening(store, path: Path, damage):
    damage(path)
    with pytest.raises(DatabaseError, match="damaged; reload the page") as caught:
        feedback.save(store, replace(FIRST, id="9"))
    say(caught)
    assert len(feedback.open_store(path).notes) == 1
    feedback.save(store, FIRST)
    assert feedback.list_corrections(store) == (FIRST,)


def test_a_file_that_vanished_is_begun_again(store, path: Path):
    path.unlink()
    assert feedback.list_corrections(store) == ()
    feedback.save(store, FIRST)
    assert feedback.list_corrections(store) == (FIRST,)


@pytest.fixture
def closed_folder():
    """A folder with a store in which nobody may write, seen by a user for whom that counts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        opened = feedback.open_store(folder / "feedback.sqlite")
        feedback.save_all(opened, ALL)
        for file in folder.iterdir():
            file.chmod(0o444)
        folder.chmod(0o555)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        yield opened
        if is_root:
            os.seteuid(0)
        folder.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="folders are closed in another way there")
def test_a_folder_that_cannot_be_written(closed_folder):
    for act in (
        lambda: feedback.save(closed_folder, replace(FIRST, id="9")),
        lambda: feedback.delete(closed_folder, FIRST.id),
        lambda: feedback.open_store(closed_folder.path.with_name("new.sqlite")),
    ):
        with pytest.raises(DatabaseError, match="cannot be written; ask who runs") as caught:
            act()
        say(caught, closed_folder.path.parent)
    # What was saved can still be read.
    opened = feedback.open_store(closed_folder.path)
    assert (feedback.list_corrections(opened), opened.notes) == (ALL, ())


@pytest.mark.parametrize(
    ("pragma", "said"),
    [("user_version = 2", "newer version"), ("application_id = 7", "another program")],
)
def test_files_of_newer_and_other_programs_are_left_alone(store, path: Path, pragma: str, said):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA {pragma}")
    before = path.read_bytes()
    for act in (
        lambda: feedback.open_store(path),
        lambda: feedback.save(store, replace(FIRST, id="9")),
        lambda: feedback.list_corrections(store),
    ):
        with pytest.raises(DatabaseError, match=said) as caught:
            act()
        say(caught, path)
    assert path.read_bytes() == before
    assert sorted(p.name for p in path.parent.iterdir()) == [path.name, f"{path.name}.lock"]


def test_a_database_of_someone_else_is_left_alone(path: Path):
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE precious (a)")
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="belongs to another program; name another"):
        feedback.open_store(path)
    assert path.read_bytes() == before


WRITE = """
import sys
from pathlib import Path
from t2s import feedback
from t2s.feedback import Correction
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    store = feedback.open_store(Path(sys.argv[1]), busy_seconds=60.0)
    feedback.save(store, Correction("q", None, "d", id=f"{sys.argv[2]} {number}"))
    print(number, flush=True)
"""


def start_writer(path: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(path), name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert writer.stdout.readline() == b"ready\n"
    return writer


@pytest.mark.parametrize("content", [None, b"damaged " * 100])
def test_two_processes_lose_nothing(path: Path, content: bytes | None):
    if content is not None:
        path.parent.mkdir()
        path.write_bytes(content)
    writers = [start_writer(path, name, 20) for name in "ab"]
    for writer in writers:
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    assert [writer.communicate() and writer.returncode for writer in writers] == [0, 0]
    found = {c.id for c in feedback.list_corrections(feedback.open_store(path))}
    assert found == {f"{name} {number}" for name in "ab" for number in range(20)}
    assert len([*path.parent.glob("*-damaged-*")]) == (content is not None)


def test_a_killed_writer_loses_nothing_that_it_had_saved(path: Path):
    writer = start_writer(path, "a", 10_000)
    writer.stdin.write(b"go\n")
    writer.stdin.flush()
    for _ in range(5):
        last = int(writer.stdout.readline())
    writer.kill()
    told = [int(line) for line in writer.communicate()[0].split(b"\n")[:-1]]
    opened = feedback.open_store(path)
    found = {c.id for c in feedback.list_corrections(opened)}
    assert {f"a {number}" for number in range((told or [last])[-1] + 1)} <= found
    assert opened.notes == ()
