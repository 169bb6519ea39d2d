"""Makes the scenes that the recipe trains and tests on: python recipes/scenes/make.py [data] [count]."""

import sys
from pathlib import Path

from zimu.data.scenes import make_scenes

# The rarer kinds come more often than in the test: acts of up to two seconds must be learned too.
SHARES = {"matched": 0.7, "seen": 0.12, "heard": 0.06, "both": 0.12}


def main(folder: Path, count: int) -> None:
    """Write scenes/ (drawn while training; val as clips) and scenes-test/ (the standard mixture)."""
    make_scenes(count, folder / "scenes", seed=0, val=0.04, test=0.1, shares=SHARES, clips=("val",), jobs=1)
    make_scenes(5_000, folder / "scenes-test", seed=1, val=0.04, test=0.1, clips=("test",), jobs=1)


if __name__ == "__main__":
    main(Path(sys.argv[1] if sys.argv[1:] else "data"), int(sys.argv[2]) if sys.argv[2:] else 7_000)
