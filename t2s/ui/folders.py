"""Private folders for uploaded files: one for each file, gone with the browser session that brought it.

Covered: a folder is closed to other users of the machine, and deleted with the object that stands for it,
which lives in the state of one session, or some minutes after the browser has gone; should the server be
killed, the next one deletes it. Who is alive is told by a lock that the system drops with the process,
not by its number alone, which another process may have by then. Not covered: copies that the system makes, such as swap and backups.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from typing import BinaryIO

_PREFIX = "t2s-upload-"
_LOCK_NAME = "in-use"
# A browser that comes back within two minutes finds its session (Streamlit, MemorySessionStorage).
RETURN_SECONDS = 150.0

if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class UploadFolder:
    """A private folder that is deleted with this object, and at the latest when the process ends.

    Attributes:
        path: The folder.
        delete: Call it to delete the folder now.
    """

    def __init__(self) -> None:
        """Create the folder; its name carries the process that owns it."""
        # mkdtemp closes it to other users and adds characters that nobody can guess.
        self.path = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        lock = (self.path / _LOCK_NAME).open("wb")
        _lock(lock)
        # Called at the latest when nobody has the object any more; a second call does nothing.
        self.delete = weakref.finalize(self, _delete, self.path, lock)
        self._timer: threading.Timer | None = None

    def leave(self, seconds: float = RETURN_SECONDS) -> None:
        """Delete the folder after so many seconds, unless :meth:`stay` is called before."""
        self.stay()
        self._timer = threading.Timer(seconds, self.delete)
        self._timer.daemon = True
        self._timer.start()

    def stay(self) -> None:
        """Keep the folder for now."""
        if self._timer is not None:
            self._timer.cancel()


def _delete(folder: Path, lock: BinaryIO) -> None:
    lock.close()
    shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Delete the folders of servers that are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not folder.is_symlink() and _is_abandoned(folder, int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path, process: int) -> bool:
    """Tell whether nobody holds the lock; without a lock to look at, whether the process is gone."""
    try:
        with (folder / _LOCK_NAME).open("r+b") as file:
            _lock(file)
    except FileNotFoundError:
        return not _is_running(process)
    except OSError:
        return False
    return True


def _is_running(process: int) -> bool:
    # There a signal 0 is not a question but Ctrl-C.
    if sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
