"""A backend that answers from a given list: for tests, demonstrations and checking the rest without a model.

Covered: exact questions, compared without regard to case and surrounding spaces; each may have several
candidates. Not covered: anything that is not on the list, which gets "cannot answer".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from t2s.errors import BackendError
from t2s.values import Candidate, Decoding, Request

Script = Mapping[str, Sequence[str | None]]


@dataclass(slots=True)
class ScriptedBackend:
    """Answers each question of a script with its statements, and remembers what it was asked.

    Attributes:
        answers: Question -> candidates, best first.
        requests: Every request so far, oldest first.
    """

    answers: Mapping[str, tuple[Candidate, ...]]
    requests: list[Request] = field(default_factory=list)

    @classmethod
    def from_script(cls, script: Script) -> ScriptedBackend:
        """Return a backend for question -> statements (None: cannot answer).

        The first of n statements gets probability 1/2, the next 1/4 and so on.
        """
        return cls(
            {
                _key(question): tuple(
                    Candidate(sql, 0.5 ** (rank + 1)) for rank, sql in enumerate(statements)
                )
                for question, statements in script.items()
            }
        )

    @classmethod
    def load(cls, path: Path) -> ScriptedBackend:
        """Return a backend for a JSON file that holds an object: question -> list of statements or nulls.

        Raises:
            BackendError: The file cannot be read or holds something else.
        """
        try:
            script = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BackendError(
                f"The script {path} cannot be read; it must be a JSON file.", detail=str(error)
            ) from error
        if not _is_script(script):
            raise BackendError(
                f"The script {path} must hold a JSON object: question -> list of statements."
            )
        return cls.from_script(script)

    def generate(self, request: Request, decoding: Decoding) -> tuple[Candidate, ...]:
        """Return at most ``decoding.beams`` candidates of the script."""
        self.requests.append(request)
        unknown = (Candidate(None, 1.0),)
        return self.answers.get(_key(request.question), unknown)[: decoding.beams]


def _key(question: str) -> str:
    return question.strip().casefold()


def _is_script(script: object) -> bool:
    return isinstance(script, dict) and all(
        isinstance(statements, list) and all(isinstance(sql, str | None) for sql in statements)
        for statements in script.values()
    )
