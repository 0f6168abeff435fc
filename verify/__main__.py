"""``python -m verify``."""

import sys

from derivations.garbage import look_rarely

from .cli import main

if __name__ == "__main__":
    look_rarely()
    sys.exit(main())
