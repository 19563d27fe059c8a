"""Serve the page with a model that waits: ``python tests/serve_waiting.py GATES PORT RETURN_SECONDS``.

"wait for x" is answered with the text x once there is a file x in the folder GATES, other questions at once
with their own text. RETURN_SECONDS is how long the file of a browser that has gone is kept.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from functools import partialmethod
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from t2s.sql_names import quote_text  # noqa: E402
from t2s.values import Candidate, Decoding, Request  # noqa: E402

LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class WaitingBackend:
    """Answers with the question itself, when it may."""

    gates: Path

    def generate(self, request: Request, decoding: Decoding) -> tuple[Candidate, ...]:
        wanted = request.question.removeprefix("wait for ")
        if wanted != request.question:
            (self.gates / f"{wanted} asked").touch()
            ends = time.monotonic() + LONGEST_SECONDS
            while not (self.gates / wanted).exists() and time.monotonic() < ends:
                time.sleep(0.02)
        return (Candidate(f"SELECT {quote_text(wanted)} AS answer", 0.9),)


def main(gates: Path, port: int, return_seconds: float) -> None:
    from streamlit.web import bootstrap  # noqa: PLC0415

    from t2s import backends  # noqa: PLC0415
    from t2s.ui import folders  # noqa: PLC0415

    backends.load = lambda _: WaitingBackend(gates)
    folders.UploadFolder.leave = partialmethod(folders.UploadFolder.leave, return_seconds)
    flags = {"server_port": port, "server_address": "127.0.0.1", "server_headless": True}
    bootstrap.load_config_options(flags)
    bootstrap.run(str(ROOT / "streamlit_app.py"), False, [], flags)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
