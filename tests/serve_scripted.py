"""Serve the page with answers from a script instead of a model: ``python tests/serve_scripted.py SCRIPT PORT``.

SCRIPT is a JSON file of question -> list of statements, as ``t2s.backends.scripted`` reads it.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main(script: Path, port: int) -> None:
    from streamlit.web import bootstrap  # noqa: PLC0415

    from t2s import backends  # noqa: PLC0415

    spec = backends.ModelSpec("scripted", script)
    load = backends.load
    backends.load = lambda _: load(spec)
    flags = {"server_port": port, "server_address": "127.0.0.1", "server_headless": True}
    bootstrap.load_config_options(flags)
    bootstrap.run(str(ROOT / "streamlit_app.py"), False, [], flags)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
