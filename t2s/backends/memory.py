"""A model that runs out of memory ends one question with a sentence, and leaves room for the next.

Covered: what Python and torch raise when they get no memory, on a processor or an accelerator. Not covered: a
system that kills the process instead of refusing it memory.
"""

from __future__ import annotations

import contextlib
import gc
import traceback
from collections.abc import Iterator

import torch

from t2s.errors import BackendError

# On a processor torch raises a bare RuntimeError without a code: only its text tells it from other errors
# (c10/core/impl/alloc_cpu.cpp).
_TEXTS = ("not enough memory", "DefaultCPUAllocator", "out of memory")


@contextlib.contextmanager
def translated(sentence: str) -> Iterator[None]:
    """Raise ``sentence`` when the block runs out of memory, after freeing what the block held.

    Raises:
        BackendError: It ran out of memory; other errors pass.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_shortage(error):
            raise
        release(error)
        raise BackendError(sentence, detail=str(error)) from error


def release(error: BaseException) -> None:
    """Let go of what stands in the frames of an error, its causes included: the tensors that filled the memory."""
    chained: BaseException | None = error
    while chained is not None:
        traceback.clear_frames(chained.__traceback__)
        chained = chained.__cause__ or chained.__context__
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def is_shortage(error: BaseException) -> bool:
    """Tell whether an error means that there was no memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return any(text in str(error) for text in _TEXTS)
