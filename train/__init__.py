"""Training, evaluation and measurement; every published figure comes out of here."""
