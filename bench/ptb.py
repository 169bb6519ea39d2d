"""The caption tokeniser: processor seconds for 30,000 captions, and agreement, against the reference's Java.

    python -m bench.ptb [--peers /path/to/a/python/that/has/pycocoevalcap] [--captions FILE]

Every time is the median of `--runs` fresh processes: user and system time of the call and of its children;
loading the captions is left out. "again" is a second call in the same process, whose words are known. The
captions are coco5k's 25,000 references and 5,000 candidates, tokenised in two calls as the reference does.
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import resource
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve()
DATA = HERE.parents[2] / "shared" / "data" / "metrics" / "coco5k.json.gz"
GROUPS = dict[str, list[str]]


def load(path: Path) -> tuple[GROUPS, GROUPS]:
    """Return raw references and candidates by id."""
    golden = json.loads(gzip.decompress(path.read_bytes()))
    references = {str(number): texts for number, texts in enumerate(golden["refs_raw"])}
    candidates = {str(number): [text] for number, text in enumerate(golden["systems"]["magic"]["cand_raw"])}
    return references, candidates


def spent() -> float:
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def run_zimu(groups: tuple[GROUPS, GROUPS]) -> list[list[str]]:
    from zimu.metrics.ptb import ptb_tokenize

    return [ptb_tokenize([text for texts in group.values() for text in texts]) for group in groups]


def run_java(groups: tuple[GROUPS, GROUPS]) -> list[list[str]]:
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    results = []
    for group in groups:
        wrapped = {key: [{"caption": text} for text in texts] for key, texts in group.items()}
        results.append([text for texts in PTBTokenizer().tokenize(wrapped).values() for text in texts])
    return results


def measure(peer: str, path: Path) -> dict[str, object]:
    """Run one tokeniser in this process and return its times and output."""
    groups = load(path)
    run = {"zimu": run_zimu, "java": run_java}[peer]
    times = []
    for _ in range(2):
        before = spent()
        results = run(groups)
        times.append(spent() - before)
    return {"first": times[0], "again": times[1], "texts": results}


def in_process(python: str, peer: str, path: Path) -> dict[str, object]:
    command = [python, str(HERE), "--measure", peer, "--captions", str(path)]
    done = subprocess.run(command, check=False, capture_output=True)
    if done.returncode:
        raise SystemExit(f"{peer} failed: {done.stderr.decode()}")
    return dict(json.loads(done.stdout))


def report(peers: dict[str, str], path: Path, runs: int) -> None:
    print(f"{platform.machine()}, Python {platform.python_version()}; medians of {runs} processes")
    found: dict[str, list[dict[str, object]]] = {peer: [] for peer in peers}
    for _ in range(runs):  # in turns, so that a busy machine slows all of them
        for peer, python in peers.items():
            found[peer].append(in_process(python, peer, path))
    seconds = {
        peer: {
            kind: statistics.median([float(str(one[kind])) for one in many]) for kind in ("first", "again")
        }
        for peer, many in found.items()
    }
    for peer, times in seconds.items():
        print(f"{peer:6} {times['first']:.3f} s, again {times['again']:.3f} s")
    if "java" in peers:
        first, again = (seconds["java"]["first"] / seconds["zimu"][kind] for kind in ("first", "again"))
        print(f"ratio  {first:.1f} times less, again {again:.1f} times less")
        pairs = zip(found["zimu"][0]["texts"], found["java"][0]["texts"], strict=True)  # type: ignore[call-overload]
        unequal = sum(ours != theirs for group in pairs for ours, theirs in zip(*group, strict=True))
        print(f"captions that differ: {unequal}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", help="a Python with pycocoevalcap; Java must be on the path")
    parser.add_argument("--captions", type=Path, default=DATA, help="coco5k.json.gz")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--measure", choices=["zimu", "java"], help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if not asked.captions.is_file():
        print(f"No captions at {asked.captions}. Give coco5k.json.gz with --captions.", file=sys.stderr)
        return 2
    if asked.measure:
        json.dump(measure(asked.measure, asked.captions), sys.stdout)
        return 0
    peers = {"zimu": sys.executable} | ({"java": asked.peers} if asked.peers else {})
    report(peers, asked.captions, asked.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
