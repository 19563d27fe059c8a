"""The model card written beside the weights."""

from __future__ import annotations

import json
from pathlib import Path


def write_card(folder: Path, record: dict[str, object]) -> None:
    """Write ``README.md`` of a model folder from its run record, and from ``scores.json`` when there is one."""
    (folder / "README.md").write_text(json.dumps(record, indent=1))
