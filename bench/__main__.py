"""Every benchmark of this folder, one after the other: `make bench`, or `python -m bench NAME...`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    names = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))
    wanted = sys.argv[1:] or names
    if unknown := set(wanted) - set(names):
        print(
            f"No such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(names)}.",
            file=sys.stderr,
        )
        return 2
    failed = []
    for name in wanted:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
