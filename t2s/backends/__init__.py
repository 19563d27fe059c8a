"""The models that write SQL, behind one protocol.

Covered: what a model is asked (``Backend``), which kinds there are (``KINDS``), and loading one by name.
Adding a model is one file in this folder and one line in that table; its libraries are imported when it is
loaded, not before.

Not covered: whether a candidate is safe or runs. ``t2s.guard`` and ``t2s.sandbox`` decide that.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, cast, runtime_checkable

from t2s.errors import BackendError
from t2s.values import Candidate, Decoding, QueryResult, Request, Schema

DEFAULT_FOLDER = Path(__file__).resolve().parents[1] / "assets" / "compact"

# kind -> "module:loader"; the loader takes the folder and returns a Backend, or raises BackendError.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "compact": "t2s.backends.compact:CompactBackend.load",
        "scripted": "t2s.backends.scripted:ScriptedBackend.load",
    }
)


@runtime_checkable
class Backend(Protocol):
    """A model that turns a request into SQL. Shared by all sessions, so ``generate`` must be safe in threads."""

    def generate(self, request: Request, decoding: Decoding) -> tuple[Candidate, ...]:
        """Return candidates, best first; a candidate without SQL means "cannot answer".

        Raises:
            BackendError: The model cannot be run.
            PromptError: The request cannot be put to this model.
        """
        ...


@runtime_checkable
class SchemaPicker(Protocol):
    """A backend that sees only part of a large schema, and can tell which part."""

    def pick(self, request: Request) -> tuple[Schema, tuple[str, ...]]:
        """Return what ``generate`` sees of ``request.schema``, and sentences for the user if not all."""
        ...


@runtime_checkable
class Reranking(Protocol):
    """A backend that orders its candidates anew when it sees what they gave."""

    @property
    def reranks(self) -> bool:
        """Whether it does; then all candidates are run."""
        ...

    def rerank(
        self,
        request: Request,
        candidates: Sequence[Candidate],
        outcomes: Sequence[QueryResult | None],
    ) -> tuple[tuple[int, float], ...]:
        """Return positions of the candidates, best first, each with its share of probability in [0, 1].

        ``outcomes`` has None for a candidate that declines, failed or was not run.
        """
        ...


@runtime_checkable
class Calibrated(Protocol):
    """A backend that knows how often it is right when it leans to an answer so much."""

    def calibrate(self, share: float) -> float:
        """Return how likely an answer is right that has ``share`` of the candidates' probability; both in [0, 1]."""
        ...


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Which model to load: a kind of ``KINDS`` and the folder or file it is read from."""

    kind: str = "compact"
    path: Path = DEFAULT_FOLDER

    def __post_init__(self) -> None:
        """Refuse a kind that does not exist."""
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")


def load(spec: ModelSpec) -> Backend:
    """Return the model that ``spec`` names, ready to run.

    Raises:
        BackendError: Its files or the libraries that it needs are missing or unreadable.
    """
    if not spec.path.exists():
        raise BackendError(
            f"The model {spec.path.name} is not there; check its name, or fetch the repository again.",
            detail=str(spec.path),
        )
    module_name, _, attributes = KINDS[spec.kind].partition(":")
    try:
        loader: object = importlib.import_module(module_name)
    except ImportError as error:
        raise BackendError(
            f"A library that the {spec.kind} model needs is missing ({error.name}); "
            "install what requirements.txt lists.",
            detail=str(error),
        ) from error
    for attribute in attributes.split("."):
        loader = getattr(loader, attribute)
    return cast("Callable[[Path], Backend]", loader)(spec.path)
