"""The embedded model as a backend: beams under the grammar, candidates best first.

*Covered*: loading our own folder (safetensors with a listed SHA-256, no code from it), one question at a time, statements that parse and
name only what the schema has. *Not covered*: whether a statement is safe or quick to run; that is the sandbox's work.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from transformers import LogitsProcessorList
from transformers.utils import logging

from t2s import calibration, encoding, ir, rerank
from t2s.backends import DEFAULT_FOLDER, checksums, memory
from t2s.backends.compact_decoding import MaskProcessor
from t2s.backends.compact_model import CompactModel
from t2s.errors import BackendError
from t2s.grammar import Grammar
from t2s.values import Candidate, Decoding, QueryResult, Request, Schema

_NO_ROOM_TO_LOAD = (
    "There is not enough memory to load the model; close other programs, then ask again."
)
_NO_ROOM_TO_ANSWER = "The model ran out of memory on this question; ask a shorter one, or ask a database with fewer tables."


@dataclass(slots=True)
class CompactBackend:
    """A loaded model; ``generate`` may be called from several threads, one runs at a time."""

    model: CompactModel
    encoder: encoding.InputEncoder
    threads: int
    version: str
    lock: threading.Lock
    reranker: rerank.Reranker | None = None

    @classmethod
    def load(
        cls, folder: Path = DEFAULT_FOLDER, *, dtype: str = "auto", threads: int | None = None
    ) -> CompactBackend:
        """Load weights and tokenizer of ``folder``.

        Args:
            folder: A folder written by ``train.compact``.
            dtype: ``bfloat16``, ``float32`` or ``auto`` (bfloat16 where the CPU multiplies it natively).
            threads: CPU threads of one question; by default two, or one where the process has one core.

        Raises:
            BackendError: A file is missing, altered or unreadable, or belongs to another version of the pointer
                language, or there is not enough memory.
        """
        with memory.translated(_NO_ROOM_TO_LOAD):
            return cls._load(folder, dtype, threads)

    @classmethod
    def _load(cls, folder: Path, dtype: str, threads: int | None) -> CompactBackend:
        digests = checksums.check(folder)
        shape, _ = (_read_object(folder / name) for name in ("config.json", "tokenizer.json"))
        if shape.get("keywords") != list(ir.KEYWORDS):
            raise BackendError(
                "The model was trained for another version of this program; train it again with "
                "python -m train.compact."
            )
        logging.disable_progress_bar()
        try:
            model = CompactModel.from_pretrained(
                folder, dtype=_choose_dtype(dtype), use_safetensors=True, local_files_only=True
            )
            encoder = encoding.InputEncoder.from_folder(folder)
            weights = folder / rerank.FILE_NAME
            reranker = rerank.read(weights) if weights.exists() else None
        except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
            if memory.is_shortage(error):
                raise
            raise _unreadable(folder, error) from error
        model.train(mode=False)
        return cls(
            model,
            encoder,
            threads or min(2, _count_cores()),
            digests[checksums.WEIGHTS_NAME][:12],
            threading.Lock(),
            reranker,
        )

    def lay_out(self, request: Request) -> encoding.Inputs:
        """Return what the model reads for this request, as ``generate`` does."""
        return self.encoder.encode(request)

    def pick(self, request: Request) -> tuple[Schema, tuple[str, ...]]:
        """Return the part of the schema that fits the input, and a sentence when it is not all."""
        seen = self.lay_out(request).schema
        if seen is request.schema:
            return seen, ()
        total, kept = (sum(len(t.columns) for t in s.tables) for s in (request.schema, seen))
        return seen, (
            "This database is larger than the model can read at once: it looked at the "
            f"{len(seen.tables)} of {len(request.schema.tables)} tables and {kept} of {total} columns "
            "that match the question best.",
        )

    def generate(self, request: Request, decoding: Decoding) -> tuple[Candidate, ...]:
        """Return distinct candidates, most probable first; the last resort is an empty tuple.

        Raises:
            BackendError: There is not enough memory for this request; the next one can be asked.
        """
        with memory.translated(_NO_ROOM_TO_ANSWER):
            return self._generate(request, decoding)

    @property
    def reranks(self) -> bool:
        """Whether the folder has weights for that."""
        return self.reranker is not None

    def rerank(
        self,
        request: Request,
        candidates: Sequence[Candidate],
        outcomes: Sequence[QueryResult | None],
    ) -> tuple[tuple[int, float], ...]:
        """Order the candidates of ``generate`` by what they gave; see ``t2s.rerank``."""
        if self.reranker is None or not candidates:
            return tuple((place, c.probability) for place, c in enumerate(candidates))
        config = self.model.config
        scores = self.reranker.score(request, candidates, outcomes)
        return rerank.arrange(candidates, scores, config.decline_threshold, config.decline_margin)

    def calibrate(self, share: float) -> float:
        """Return how likely an answer with ``share`` of the probability is right (Platt scaling)."""
        config = self.model.config
        return calibration.scale(share, config.confidence_scale, config.confidence_shift)

    @torch.inference_mode()
    def _generate(self, request: Request, decoding: Decoding) -> tuple[Candidate, ...]:
        inputs = self.lay_out(request)
        ids = torch.tensor([inputs.input_ids])
        masks = MaskProcessor(Grammar(inputs), beams=decoding.beams, budget=decoding.max_new_tokens)
        with self.lock:
            torch.set_num_threads(self.threads)
            output = cast("Any", self.model).generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                token_type_ids=torch.tensor([inputs.type_ids]),
                logits_processor=LogitsProcessorList([masks]),
                num_beams=decoding.beams,
                num_return_sequences=decoding.beams,
                max_new_tokens=decoding.max_new_tokens,
                length_penalty=0.0,
                do_sample=False,
                return_dict_in_generate=True,
                output_scores=True,
                output_logits=decoding.beams == 1,
            )
        found: dict[str | None, float] = {}
        for row, score in zip(output.sequences.tolist(), _log_probabilities(output), strict=True):
            try:
                sql = write_sql(row[1:], inputs)
            except (ir.IRError, encoding.SpellingError):
                continue
            found[sql] = found.get(sql, 0.0) + math.exp(score)
        return rank(found, self.model.config.decline_threshold)


def _read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file of the folder.

    Raises:
        BackendError: It holds something else; checked here because ``tokenizers`` raises a bare ``Exception``.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(path.parent, error) from error
    return found if isinstance(found, dict) else {}


def _unreadable(folder: Path, error: BaseException) -> BackendError:
    return BackendError(
        f"The model in {folder.name} cannot be read; fetch the repository again.", detail=str(error)
    )


def rank(found: Mapping[str | None, float], decline_threshold: float) -> tuple[Candidate, ...]:
    """Order candidates by probability; declining comes last unless its probability reaches the threshold."""
    ranked = sorted(
        found.items(),
        key=lambda item: (item[0] is None and item[1] < decline_threshold, -item[1]),
    )
    return tuple(Candidate(sql, min(1.0, probability)) for sql, probability in ranked)


def _log_probabilities(output: Any) -> list[float]:  # noqa: ANN401
    """Return the log probability of each sequence that ``generate`` gave."""
    if output.logits is None:
        return cast("list[float]", output.sequences_scores.tolist())
    written = output.sequences[0, 1:].tolist()
    steps = zip(output.logits, written, strict=True)
    return [sum(float(step[0].log_softmax(-1)[token]) for step, token in steps)]


def write_sql(ids: list[int], inputs: encoding.Inputs) -> str | None:
    """Turn output ids, up to the end id, into SQL; None when they decline.

    Raises:
        SpellingError: The ids spell no literal.
        IRError: The symbols are no statement.
    """
    end = encoding.KEYWORD_IDS["</s>"]
    kept = ids[: ids.index(end)] if end in ids else ids
    symbols = encoding.read(kept, inputs)
    if symbols == (encoding.UNANSWERABLE,):
        return None
    return ir.to_sql(symbols, inputs.schema)


def _count_cores() -> int:
    """Return how many cores this process may use; more threads than that would wait for each other."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _choose_dtype(name: str) -> torch.dtype:
    if name == "auto":
        return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
    return {"bfloat16": torch.bfloat16, "float32": torch.float32}[name]
