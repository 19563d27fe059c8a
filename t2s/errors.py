"""The exception tree. ``str(error)`` is one plain sentence for the user that names the next step.

::

    T2SError
    +-- DatabaseError        a file that cannot be opened, imported or read
    +-- PromptError          a question that cannot be put to a model
    +-- BackendError         a model that cannot be loaded or run
    +-- QueryError           a statement that did not give rows (carries ``sql``)
        +-- UnsafeSqlError   refused by policy
        +-- InvalidSqlError  does not fit this database
        +-- QueryTimeoutError  ran into the deadline
        +-- QueryLimitError  ran into the memory or size limit
"""

from __future__ import annotations


class T2SError(Exception):
    """Base of every error that a user may see.

    Args:
        message: One plain sentence without markup, naming the next step where there is one.
        detail: Text for the log only; never shown.
    """

    def __init__(self, message: str, *, detail: str = "") -> None:
        """Keep the sentence and the detail."""
        super().__init__(message)
        self.detail = detail


class DatabaseError(T2SError):
    """A file that cannot be opened, imported or read."""


class PromptError(T2SError):
    """A question that cannot be put to a model."""


class BackendError(T2SError):
    """A model that cannot be loaded or run."""


class QueryError(T2SError):
    """A statement that did not give rows.

    Args:
        message: One plain sentence without markup.
        sql: The statement as it was given.
        detail: Text for the log only.
    """

    def __init__(self, message: str, *, sql: str, detail: str = "") -> None:
        """Keep the statement beside the sentence."""
        super().__init__(message, detail=detail)
        self.sql = sql


class UnsafeSqlError(QueryError):
    """Refused by policy: not exactly one read-only statement, or a function that is not allowed."""


class InvalidSqlError(QueryError):
    """Does not parse, or names something this database does not have."""


class QueryTimeoutError(QueryError):
    """Ran into the deadline."""


class QueryLimitError(QueryError):
    """Ran into the limit on memory or size."""
