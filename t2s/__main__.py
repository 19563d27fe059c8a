"""``python -m t2s``."""

import sys

from t2s.cli import main

if __name__ == "__main__":
    sys.exit(main())
