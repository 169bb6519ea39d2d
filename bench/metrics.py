"""Caption metrics: processor seconds and memory against pycocoevalcap and aac-metrics.

    python bench/metrics.py --peers /path/to/a/python/that/has/pycocoevalcap

Every measurement is a fresh process; the smallest of `--runs` counts. Processor seconds are user and system
time of the call with its child processes (the peers' Java); imports and loading the captions are left out.
Peak memory is the whole process's. The large sets repeat the captions with two neighbouring words swapped, so
that their n-grams are new. Zimu's bootstrap intervals are computed when they are asked for: see the line for
them. With --chinese it prints instead how the scores of the COCO-CN systems move with the segmentation.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import io
import json
import platform
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "metrics" / "coco5k.json.gz"
Texts = tuple[dict[Any, list[str]], dict[Any, str]]


def load(path: Path, times: int, form: str) -> Texts:
    """Return references and candidates by id, `times` as many; `form` is "tok" or "raw"."""
    golden = json.loads(gzip.decompress(path.read_bytes()))
    rng = random.Random(0)

    def swap(text: str) -> str:
        words = text.split()
        if len(words) > 2:
            at = rng.randrange(len(words) - 1)
            words[at], words[at + 1] = words[at + 1], words[at]
        return " ".join(words)

    references, candidates = {}, {}
    rows = list(zip(golden[f"refs_{form}"], golden["systems"]["magic"][f"cand_{form}"], strict=True))
    for copy in range(times):
        for i, (refs, candidate) in enumerate(rows):
            references[copy, i] = [swap(r) for r in refs] if copy else refs
            candidates[copy, i] = swap(candidate) if copy else candidate
    return references, candidates


def zimu_tokens(texts: Texts) -> Callable[[], list[float]]:
    import zimu

    return _zimu(zimu.score, texts, tokens=True)


def zimu_raw(texts: Texts) -> Callable[[], list[float]]:
    import zimu

    return _zimu(zimu.score, texts)


def zimu_intervals(texts: Texts) -> Callable[[], list[float]]:
    import zimu

    def run() -> list[float]:
        card = zimu.score(*texts, tokens=True)
        return [score.interval[0] for score in card.values()]

    return run


def _zimu(score: Any, texts: Texts, **options: Any) -> Callable[[], list[float]]:
    return lambda: [
        s.value for s in score(*texts, metrics=["bleu", "rouge_l", "cider_d"], **options).values()
    ]


def coco_tokens(texts: Texts) -> Callable[[], list[float]]:
    references, candidates = texts
    return _coco(references, {i: [c] for i, c in candidates.items()})


def coco_raw(texts: Texts) -> Callable[[], list[float]]:
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    references, candidates = texts

    def run() -> list[float]:
        refs = PTBTokenizer().tokenize({i: [{"caption": r} for r in rs] for i, rs in references.items()})
        return _coco(refs, PTBTokenizer().tokenize({i: [{"caption": c}] for i, c in candidates.items()}))()

    return run


def _coco(references: Any, candidates: Any) -> Callable[[], list[float]]:
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge

    def run() -> list[float]:
        with contextlib.redirect_stdout(io.StringIO()):
            bleu = Bleu(4).compute_score(references, candidates)[0]
            others = [s.compute_score(references, candidates)[0] for s in (Rouge(), Cider())]
        return [*map(float, bleu), *map(float, others)]

    return run


def aac_tokens(texts: Texts) -> Callable[[], list[float]]:
    from aac_metrics.functional import bleu, cider_d, rouge_l

    references, candidates = list(texts[0].values()), list(texts[1].values())

    def run() -> list[float]:
        out = [float(bleu(candidates, references, n=n)[0][f"bleu_{n}"]) for n in range(1, 5)]
        out.append(float(rouge_l(candidates, references)[0]["rouge_l"]))
        return [*out, float(cider_d(candidates, references)[0]["cider_d"])]

    return run


def zimu_reward(texts: Texts) -> Callable[[], list[float]]:
    from zimu.metrics.reward import CiderReward

    numbers: dict[str, int] = {}
    ids = lambda text: [numbers.setdefault(w, len(numbers)) for w in text.split()]  # noqa: E731
    references = [[ids(r) for r in refs] for refs in texts[0].values()]
    samples = [ids(c) for c in list(texts[1].values())[:320]]
    reward = CiderReward(references)
    items = [i // 5 for i in range(320)]
    reward.score(items, samples)
    return lambda: reward.score(items, samples).tolist()[:6]


WORKERS = {
    name: globals()[name]
    for name in (
        "zimu_tokens",
        "zimu_raw",
        "zimu_intervals",
        "zimu_reward",
        "coco_tokens",
        "coco_raw",
        "aac_tokens",
    )
}


def work(name: str, path: Path, times: int) -> None:
    """Run one worker in this process and print what it took."""
    run = WORKERS[name](load(path, times, "raw" if name.endswith("raw") else "tok"))
    start = _spent()
    values = run()
    spent = _spent() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu_s": spent, "peak_mb": peak, "values": values}))


def _spent() -> float:
    """Return processor seconds of this process and its children."""
    own, children = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def measure(python: str, name: str, options: argparse.Namespace, times: int = 1) -> dict[str, Any] | None:
    """Return the quickest of several fresh processes, or None where the package is not there."""
    best: dict[str, Any] | None = None
    for _ in range(options.runs):
        command = [python, __file__, "--worker", name, "--times", str(times), "--data", str(options.data)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            last = done.stderr.strip().splitlines()[-1:]
            print(f"  {name}: {last[0] if last else 'failed'}", file=sys.stderr)
            return None
        found = json.loads(done.stdout.splitlines()[-1])
        if best is None or found["cpu_s"] < best["cpu_s"]:
            best = found
    return best


def show(title: str, ours: dict[str, Any] | None, peer: dict[str, Any] | None) -> None:
    """Print one line: ours, the peer's, their ratios, and whether the scores agree."""
    if ours is None:
        return
    line = f"{title:34} {ours['cpu_s']:8.3f} s {ours['peak_mb']:6.0f} MB"
    if peer:
        apart = max(abs(a - b) for a, b in zip(ours["values"], peer["values"], strict=True))
        line += f" | peer {peer['cpu_s']:7.2f} s {peer['peak_mb']:6.0f} MB"
        line += f" | {peer['cpu_s'] / ours['cpu_s']:5.1f}x less time, "
        line += f"{ours['peak_mb'] / peer['peak_mb']:.2f} of the memory, scores differ by {apart:.0e}"
    print(line, flush=True)


def chinese(path: Path) -> None:
    """Print the scores of published Chinese systems under four segmentations."""
    import zimu

    rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    metrics = ["bleu_1", "bleu_4", "rouge_l", "cider_d"]
    for system in rows[0]["systems"]:
        references = [row["references"] for row in rows]
        candidates = [row["systems"][system]["caption"] for row in rows]
        plain = (
            [[r.replace(" ", "") for r in refs] for refs in references],
            [c.replace(" ", "") for c in candidates],
        )
        card = zimu.score(*plain, language="zh", metrics=metrics)
        given = zimu.score(references, candidates, tokens=True, metrics=metrics)
        none = zimu.score(*plain, tokens=True, metrics=metrics)
        for name in metrics:
            by = [card[name], card[f"{name}_word"], given[name], none[name]]
            values = "  ".join(
                f"{title} {100 * s.value:6.1f} [{100 * s.interval[0]:.1f}, {100 * s.interval[1]:.1f}]"
                for title, s in zip(("character", "word", "published", "none"), by, strict=True)
            )
            print(f"{system:12} {name:8} {values}", flush=True)


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", default=sys.executable, help="a Python that has the peers")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--large", type=int, default=10, help="size of the large set")
    parser.add_argument("--worker", choices=WORKERS, help=argparse.SUPPRESS)
    parser.add_argument("--times", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--chinese", action="store_true", help="the page on Chinese segmentation")
    options = parser.parse_args()
    if options.chinese:
        return chinese(DATA.parents[1] / "caption_results" / "coco_cn_test" / "coco_cn_test.jsonl.gz")
    if options.worker:
        return work(options.worker, options.data, options.times)
    own = sys.executable
    print(f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, Python {platform.python_version()}")
    ours = measure(own, "zimu_tokens", options)
    show("tokens, against pycocoevalcap", ours, measure(options.peers, "coco_tokens", options))
    show("tokens, against aac-metrics", ours, measure(options.peers, "aac_tokens", options))
    show(
        "raw text, against pycocoevalcap",
        measure(own, "zimu_raw", options),
        measure(options.peers, "coco_raw", options),
    )
    large = options.large
    show(
        f"tokens x {large}, against pycocoevalcap",
        measure(own, "zimu_tokens", options, large),
        measure(options.peers, "coco_tokens", options, large),
    )
    for times in (1, 2, 4, 8):
        show(f"tokens x {times}", measure(own, "zimu_tokens", options, times), None)
    show("tokens, with all intervals", measure(own, "zimu_intervals", options), None)
    reward = measure(own, "zimu_reward", options)
    if reward:
        print(f"reward, 64 images x 5 samples: {1000 * reward['cpu_s']:.1f} ms (aim: at most 10)")


if __name__ == "__main__":
    main()
