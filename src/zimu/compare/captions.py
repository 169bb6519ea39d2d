"""One run of a comparison of captions: trained, then searched and scored under every condition."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from zimu.compare.costs import measure_costs
from zimu.compare.methods import Method, recipe_of
from zimu.compare.recipes import CompareRecipe
from zimu.compare.results import FloatArray, RunResult
from zimu.compare.runs import fingerprint, kept_parts
from zimu.metrics.cider import cider
from zimu.metrics.corpus import Corpus
from zimu.metrics.errors import error_counts
from zimu.tasks import PredictData, Task
from zimu.tasks.shapley import shapley_values
from zimu.text.vocabulary import END, PAD
from zimu.training.predict_captions import Captioner, MixedCaptioner, train_captioner
from zimu.training.predict_recipes import CaptionerRecipe

__all__ = ["caption_task", "run_captions"]


def caption_task(metric: Literal["cider_d", "wer"]) -> Task:
    """Return the task whose answers are captions [N, K, L], and targets [N, K, R, L], all as tokens.

    A clip's score is the mean over its K languages; the mean over clips is the corpus's CIDEr-D, or its word
    error rate (errors count by the mean length of the references).
    """
    if metric == "cider_d":
        return Task("caption", "cross_entropy", metric, True, _as_they_are, _ciders)
    return Task("caption", "cross_entropy", metric, False, _as_they_are, _word_errors)


def _as_they_are(answers: FloatArray) -> FloatArray:
    return answers


def _ciders(answers: FloatArray, targets: npt.NDArray[Any]) -> FloatArray:
    return np.asarray(np.mean([cider(c) for c in _corpora(answers, targets)], 0))


def _word_errors(answers: FloatArray, targets: npt.NDArray[Any]) -> FloatArray:
    rates = []
    for corpus in _corpora(answers, targets):
        counts = error_counts(corpus)
        rates.append(counts[:, :3].sum(1) / counts[:, 3].mean())
    return np.asarray(np.mean(rates, 0))


def _corpora(answers: FloatArray, targets: npt.NDArray[Any]) -> list[Corpus]:
    """Return a corpus a language, its words the numbers of the tokens."""
    corpora = []
    for k in range(targets.shape[1]):
        references = [[_words(row[1:]) for row in rows if row[0] != PAD] for rows in targets[:, k]]
        corpora.append(Corpus.from_tokens(references, [_words(row) for row in answers[:, k]]))
    return corpora


def _words(row: npt.NDArray[Any]) -> list[int]:
    return [int(t) for t in row if t not in (PAD, END)]


def run_captions(recipe: CompareRecipe, method: Method, seed: int, data: Path, data_hash: str) -> RunResult:
    """Train and look; see `zimu.compare.runs.run_trained`."""
    assert recipe.caption is not None  # the caller has looked
    parts, _ = kept_parts(data)
    start = time.process_time()
    captioner = _make(recipe, method, seed, data)
    took = time.process_time() - start
    task, names = caption_task(recipe.caption.metric), frozenset(method.streams)
    # Deaf and blind are asked for twice: as conditions, and for what each modality gave.
    shown: dict[frozenset[str], FloatArray] = {}

    def answers(who: frozenset[str]) -> FloatArray:
        if who not in shown:
            shown[who] = captioner.predict(parts.test, who).astype(np.float32)
        return shown[who]

    def gain(who: frozenset[str]) -> float:
        score = task.value(answers(who), parts.test.targets)
        return score if task.higher_is_better else -score

    val = captioner.predict(parts.val).astype(np.float32)
    under = {f"{s} dead": answers(names - {s}) for s in sorted(names)}
    for name, noisy in _noisy(parts.test, method.streams):
        under[name] = captioner.predict(noisy).astype(np.float32)
    single = method.kind == "single"
    losses = captioner.losses if isinstance(captioner, Captioner) else ()
    return RunResult(
        method.name,
        seed,
        fingerprint(recipe, method, data_hash),
        len(losses),
        measure_costs(captioner, parts.test, took, repeats=1),
        task.value(val, parts.val.targets),
        float("nan"),
        {} if single else {n: float(v) for n, v in shapley_values(sorted(names), gain).items()},
        val,
        answers(names),
        task.items(answers(names), parts.test.targets),
        {n: task.items(a, parts.test.targets) for n, a in under.items()},
    )


def _noisy(test: PredictData, streams: Sequence[str]) -> list[tuple[str, PredictData]]:
    """Return the test part with each noisy variant of a stream in that stream's place."""
    return [
        (name, test.with_streams({**test.streams, own: test.streams[name]}))
        for own in streams
        for name in test.streams
        if name.startswith(f"{own} noise ")
    ]


def _make(recipe: CompareRecipe, method: Method, seed: int, data: Path) -> Captioner | MixedCaptioner:
    parts, _ = kept_parts(data)
    wanted = recipe_of(recipe, method)
    assert isinstance(wanted, CaptionerRecipe)
    if method.at_steps:
        singles = {}
        for stream in method.streams:
            alone = recipe_of(recipe, Method(f"only {stream}", "single", (stream,), "concat_time"))
            singles[stream] = _single(alone.model_dump_json(), seed, data)
        return MixedCaptioner(singles, method.fusion, parts.val)
    if method.kind == "single":
        return _single(wanted.model_dump_json(), seed, data)
    return train_captioner(wanted, parts.train, seed=seed)


@lru_cache(maxsize=8)
def _single(recipe: str, seed: int, data: Path) -> Captioner:
    """Return the captioner of one modality; kept, since every decision at the steps rests on it."""
    parts, _ = kept_parts(data)
    return train_captioner(CaptionerRecipe.model_validate_json(recipe), parts.train, seed=seed)
