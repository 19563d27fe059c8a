"""A model that runs out of memory: a sentence, nothing held, and the next question is answered."""

from __future__ import annotations

import gc
import weakref

import pytest
import torch

from t2s.backends.compact import CompactBackend
from t2s.backends.compact_model import CompactModel
from t2s.errors import BackendError
from t2s.values import Column, Decoding, Links, Request, Schema, Table
from tests.tiny_model import save_tiny_model

REQUEST = Request("how many", Schema((Table("t", (Column("a"),)),)), Links())
DECODING = Decoding(beams=2, max_new_tokens=12)
ON_CPU = "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def backend(folder):
    return CompactBackend.load(folder, dtype="float32", threads=1)


SHORTAGES = [
    RuntimeError(ON_CPU),
    RuntimeError("[enforce fail] not enough memory: you tried to allocate 9 bytes."),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"),
    MemoryError(),
]


@pytest.mark.parametrize("shortage", SHORTAGES)
@pytest.mark.parametrize("calls", [0, 1, 3])
def test_a_shortage_ends_one_question(backend, monkeypatch, shortage: Exception, calls: int):
    before = backend.generate(REQUEST, DECODING)
    forward, left, held = CompactModel.forward, [calls], []

    def run_out(self, *args, **kwargs):
        large = torch.ones(1000)
        held.append(weakref.ref(large))
        if not left[0]:
            raise shortage
        left[0] -= 1
        return forward(self, *args, **kwargs)

    monkeypatch.setattr(CompactModel, "forward", run_out)
    with pytest.raises(BackendError) as caught:
        backend.generate(REQUEST, DECODING)
    monkeypatch.undo()
    assert str(caught.value) == (
        "The model ran out of memory on this question; ask a shorter one, or ask a database with fewer tables."
    )
    gc.collect()
    assert [ref() for ref in held] == [None] * (calls + 1)
    assert not backend.lock.locked()
    assert backend.generate(REQUEST, DECODING) == before


def test_memory_that_the_system_really_refuses(backend, monkeypatch):
    def ask_for_too_much(self, *args, **kwargs):
        return torch.empty(2**60, dtype=torch.uint8)

    monkeypatch.setattr(CompactModel, "forward", ask_for_too_much)
    with pytest.raises(BackendError, match="ran out of memory"):
        backend.generate(REQUEST, DECODING)
    monkeypatch.undo()
    assert backend.generate(REQUEST, DECODING)


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), ValueError("not enough memory")])
def test_other_errors_pass(backend, monkeypatch, error: Exception):
    def fail(self, *args, **kwargs):
        raise error

    monkeypatch.setattr(CompactModel, "forward", fail)
    with pytest.raises(type(error), match=str(error)):
        backend.generate(REQUEST, DECODING)


@pytest.mark.parametrize("shortage", SHORTAGES)
def test_loading_without_room(folder, monkeypatch, shortage: Exception):
    def run_out(*args, **kwargs):
        raise shortage

    monkeypatch.setattr(CompactModel, "from_pretrained", run_out)
    with pytest.raises(BackendError) as caught:
        CompactBackend.load(folder)
    monkeypatch.undo()
    assert str(caught.value).startswith("There is not enough memory to load the model; close")
    assert CompactBackend.load(folder, dtype="float32", threads=1)
