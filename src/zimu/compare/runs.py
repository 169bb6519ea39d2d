"""One run: a method trained with a seed, then looked at from all sides."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from zimu.compare.conditions import Condition, conditions, filled, noisy
from zimu.compare.costs import measure_costs
from zimu.compare.folds import FoldModels, pooled, train_folds
from zimu.compare.methods import Method, recipe_of
from zimu.compare.recipes import CompareRecipe
from zimu.compare.results import Costs, FloatArray, RunResult
from zimu.compare.sources import load_parts
from zimu.tasks import PredictData, PredictParts, Task
from zimu.tasks.calibration import expected_calibration_error
from zimu.tasks.decision import DECISIONS
from zimu.tasks.shapley import shapley_values
from zimu.training.predict import Predictor, train_predictor
from zimu.training.predict_recipes import PredictRecipe

__all__ = ["chosen_by", "decide", "fingerprint", "kept_parts", "run_trained"]

Spread = Mapping[str, np.ndarray]


def fingerprint(recipe: CompareRecipe, method: Method, data_hash: str) -> str:
    """Return 12 hex digits that change with whatever a run's result rests on."""
    told = [
        recipe_of(recipe, method).model_dump_json(exclude_defaults=True),
        method.name,
        method.fills,
        recipe.noise,
        data_hash,
        *([recipe.folds] if recipe.folds else []),
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]


@lru_cache(maxsize=2)
def kept_parts(path: Path) -> tuple[PredictParts, dict[str, np.ndarray]]:
    """Return what `save_parts` wrote, and {stream: spread of each value of a step over the training part}."""
    parts = load_parts(path)
    spread = {}
    for name, stream in parts.train.streams.items():
        real = np.asarray(stream.values[stream.keep], np.float32)
        spread[name] = real.std(0) if len(real) else np.zeros(stream.values.shape[2:], np.float32)
    return parts, spread


def run_trained(recipe: CompareRecipe, method: Method, seed: int, data: Path, data_hash: str) -> RunResult:
    """Train and look.

    Args:
        recipe: The comparison.
        method: One that is trained by itself.
        seed: Of weights, order and dropout.
        data: What `save_parts` wrote.
        data_hash: What it returned.
    """
    parts, spread = kept_parts(data)
    start = time.process_time()
    shown = PredictParts(*map(filled, parts)) if method.fills else parts
    wanted = recipe_of(recipe, method)
    assert isinstance(wanted, PredictRecipe)  # the caller has looked
    predictor, val = _train(recipe, wanted, shown, seed)
    took = time.process_time() - start
    test, task = predictor.predict(shown.test), predictor.task
    under = {
        c.name: _answer_under(predictor, parts.test, c, spread, method.fills)
        for c in conditions(method.streams, recipe.noise)
    }
    single = method.kind == "single"
    return RunResult(
        method.name,
        seed,
        fingerprint(recipe, method, data_hash),
        predictor.epochs,
        measure_costs(predictor, shown.test, took),
        task.value(val, chosen_by(recipe, parts).targets),
        _calibration(task, test, parts.test),
        {} if single else _contributions(predictor, shown.test),
        val,
        test,
        task.items(test, parts.test.targets),
        {name: task.items(a, parts.test.targets) for name, a in under.items()},
        under if single else {},
    )


def chosen_by(recipe: CompareRecipe, parts: PredictParts) -> PredictData:
    """Return the samples that everything is chosen by: the validation part, or with folds the whole pool."""
    return pooled(parts) if recipe.folds else parts.val


def _train(
    recipe: CompareRecipe, wanted: PredictRecipe, parts: PredictParts, seed: int
) -> tuple[Predictor | FoldModels, FloatArray]:
    """Return what was trained, and its answers to the samples that everything is chosen by."""
    if recipe.folds:
        return train_folds(wanted, pooled(parts), recipe.folds, seed=seed)
    predictor = train_predictor(wanted, parts.train, parts.val, seed=seed)
    return predictor, predictor.predict(parts.val)


def _answer_under(
    predictor: Predictor | FoldModels, data: PredictData, condition: Condition, spread: Spread, fills: bool
) -> FloatArray:
    if condition.noise is not None:
        changed = noisy(data, spread, condition)
        return predictor.predict(filled(changed) if fills else changed)
    if not fills:
        return predictor.predict(data, frozenset(predictor.streams) - {condition.stream})
    stream = data.streams[condition.stream]
    dead = stream._replace(values=np.zeros_like(stream.values), keep=np.zeros_like(stream.keep))
    return predictor.predict(filled(data.with_streams({**data.streams, condition.stream: dead})))


def _calibration(task: Task, answers: FloatArray, data: PredictData) -> float:
    if task.name == "regress":
        return float("nan")
    return expected_calibration_error(answers, data.targets)


def _contributions(predictor: Predictor | FoldModels, data: PredictData) -> dict[str, float]:
    def gain(shown: frozenset[str]) -> float:
        score = predictor.score(data, shown)
        return score if predictor.task.higher_is_better else -score

    return {n: float(v) for n, v in shapley_values(predictor.streams, gain).items()}


def decide(
    recipe: CompareRecipe,
    method: Method,
    singles: Mapping[str, RunResult],
    parts: PredictParts,
    task: Task,
) -> RunResult:
    """Return the result of a decision over models that were trained apart.

    Args:
        recipe: The comparison.
        method: Of kind "decision".
        singles: {stream: its own model's run}, all of one seed.
        parts: The data.
        task: What is answered.
    """
    start = time.process_time()
    rule = DECISIONS[method.fusion].fit({s: r.val for s, r in singles.items()}, parts.val.targets)
    took = time.process_time() - start
    val = _unseen(method.fusion, {s: r.val for s, r in singles.items()}, parts.val)
    test = rule({s: r.test for s, r in singles.items()})
    under = {}
    for condition in conditions(method.streams, recipe.noise):
        given = {s: r.test for s, r in singles.items()}
        if condition.noise is None:
            del given[condition.stream]
        else:
            given[condition.stream] = singles[condition.stream].answers_under[condition.name]
        under[condition.name] = rule(given)
    return RunResult(
        method.name,
        next(iter(singles.values())).seed,
        "+".join(r.fingerprint for r in singles.values()),
        max(r.epochs for r in singles.values()),
        _sum_costs(singles, took),
        task.value(val, parts.val.targets),
        _calibration(task, test, parts.test),
        _decision_contributions(rule, singles, parts, task),
        val,
        test,
        task.items(test, parts.test.targets),
        {name: task.items(a, parts.test.targets) for name, a in under.items()},
    )


def _unseen(decision: str, answers: Mapping[str, FloatArray], val: PredictData) -> FloatArray:
    """Return answers on validation, each half's by a rule fitted on the other half; groups stay whole.

    A rule judged on what it was fitted on would be chosen for what it learnt by heart (stacking: 92 % there
    and 79 % on test of the handwritten views).
    """
    _, place = np.unique(np.arange(len(val)) if val.groups is None else val.groups, return_inverse=True)
    half = np.random.default_rng(0).permutation(int(place.max()) + 1)[place] % 2
    out = np.zeros_like(next(iter(answers.values())))
    for mine in (half == 0, half == 1):
        rule = DECISIONS[decision].fit({s: a[~mine] for s, a in answers.items()}, val.targets[~mine])
        out[mine] = rule({s: a[mine] for s, a in answers.items()})
    return out


def _decision_contributions(
    answer: Callable[[Mapping[str, FloatArray]], FloatArray],
    singles: Mapping[str, RunResult],
    parts: PredictParts,
    task: Task,
) -> dict[str, float]:
    names = sorted(singles)

    def gain(who: frozenset[str]) -> float:
        given = {n: singles[n].test for n in names if n in who}
        # Nobody speaks: the mean answer on validation.
        answers = answer(given) if given else _nothing(singles[names[0]], len(parts.test))
        score = task.value(answers, parts.test.targets)
        return score if task.higher_is_better else -score

    return {n: float(v) for n, v in shapley_values(names, gain).items()}


def _nothing(result: RunResult, count: int) -> FloatArray:
    mean = result.val.mean(0)
    return np.broadcast_to(mean, (count, *np.shape(mean)))


def _sum_costs(singles: Mapping[str, RunResult], took: float) -> Costs:
    costs = [r.costs for r in singles.values()]
    return Costs(
        sum(c.parameters for c in costs),
        sum(c.milliseconds for c in costs),
        sum(c.megabytes for c in costs),
        sum(c.training_s for c in costs) + took,
    )
