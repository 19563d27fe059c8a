"""One function through which any suite of attacks can reach the executor that the app itself uses."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from t2s import guard, sandbox
from t2s.errors import T2SError
from t2s.values import Limits


def run(db_path: str, sql: str, limits: Limits | None = None) -> dict[str, Any]:
    """Check and run one statement as the pipeline does with a candidate or an edited statement.

    Returns:
        ``{"columns", "rows", "truncated"}``, or ``{"error"}`` with the sentence that the user would see.
    """
    try:
        result = sandbox.run(Path(db_path), guard.check(sql), limits or Limits())
    except T2SError as error:
        return {"error": str(error)}
    return {
        "columns": list(result.columns),
        "rows": [list(row) for row in result.rows],
        "truncated": result.truncated,
    }
