"""Every benchmark of this folder, one after the other: `make bench`, or `python -m bench NAME... [OPTIONS]`.

Options go to each benchmark that is named: `python -m bench fuzz --count 10000`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main() -> int:
    names = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))
    first = next((i for i, word in enumerate(sys.argv) if word.startswith("-")), len(sys.argv))
    wanted, options = sys.argv[1:first] or names, sys.argv[first:]
    if unknown := set(wanted) - set(names):
        print(
            f"No such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(names)}.",
            file=sys.stderr,
        )
        return 2
    failed = []
    for name in wanted:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}", *options], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
