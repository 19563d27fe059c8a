"""t2s: ask a SQLite database a question in plain English."""
