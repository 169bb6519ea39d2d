"""A comparison in which every training sample chooses once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from zimu.compare.comparing import compare
from zimu.compare.folds import folds_of, pooled, train_folds
from zimu.compare.recipes import CompareRecipe, load_compare_recipe
from zimu.errors import ConfigError
from zimu.streams import StreamBatch
from zimu.tasks import PredictData, PredictParts
from zimu.training.predict_recipes import PredictRecipe

RECIPES = Path(__file__).resolve().parents[2] / "recipes" / "compare"
SMALL = PredictRecipe.model_validate(
    {
        "width": 8,
        "encoders": {"a": {"name": "features"}},
        "training": {"epochs": 4, "learning_rate": 0.02, "absent": 0.0},
    }
)


def part(values: npt.NDArray[np.float32], targets: npt.NDArray[np.int64], first: int = 0) -> PredictData:
    count, steps = values.shape
    stream = StreamBatch(
        values[..., None],
        np.ones((count, steps), bool),
        np.tile(np.arange(steps, dtype=np.float32), (count, 1)),
    )
    groups = np.arange(first, first + count) // 4
    return PredictData([str(first + i) for i in range(count)], {"a": stream}, targets, groups, ("no", "yes"))


def test_a_pool_keeps_order_groups_and_what_is_real() -> None:
    train = part(np.ones((4, 2), np.float32), np.zeros(4, np.int64))
    val = part(np.full((8, 3), 2, np.float32), np.ones(8, np.int64), first=4)
    pool = pooled(PredictParts(train, val, val))
    assert list(pool.ids) == [str(i) for i in range(12)]
    assert pool.streams["a"].keep.sum(1).tolist() == [2] * 4 + [3] * 8
    assert pool.groups is not None and pool.groups.tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_folds_hold_whole_groups_and_are_even() -> None:
    data = part(np.zeros((48, 1), np.float32), np.zeros(48, np.int64))
    fold = folds_of(data, 5, seed=3)
    assert data.groups is not None
    assert all(len(set(fold[data.groups == g])) == 1 for g in range(12))
    assert sorted(np.bincount(fold) // 4) == [2, 2, 2, 3, 3]
    assert (folds_of(data, 5, seed=4) != fold).any()
    with pytest.raises(ConfigError, match="only 12 groups"):
        folds_of(data, 13, seed=0)


def test_no_sample_is_answered_by_a_model_that_was_shown_it() -> None:
    """Labels by chance: a network learns them by heart, and folds must still find nothing."""
    rng = np.random.default_rng(0)
    data = part(rng.normal(size=(80, 1)).astype(np.float32), rng.integers(0, 2, 80))
    data = data.with_streams(
        {"a": StreamBatch(np.eye(80, dtype=np.float32)[:, None], *data.streams["a"][1:])}
    )
    longer = SMALL.model_copy(update={"training": SMALL.training.model_copy(update={"epochs": 20})})
    models, answers = train_folds(longer, data, 4)
    learnt = (models.predict(data).argmax(1) == data.targets).mean()
    assert learnt > 0.8 and (answers.argmax(1) == data.targets).mean() < 0.65


def test_models_of_folds_answer_by_their_mean() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(60, 2)).astype(np.float32)
    models, _ = train_folds(SMALL, part(values, (values.sum(1) > 0).astype(np.int64)), 3)
    test = part(rng.normal(size=(20, 2)).astype(np.float32), np.zeros(20, np.int64))
    each = [m.predict(test) for m in models.members]
    np.testing.assert_allclose(models.predict(test), np.mean(each, 0), rtol=1e-6)
    assert len({tuple(e[:, 0]) for e in each}) == 3


def test_a_comparison_in_folds_chooses_by_the_whole_pool(tmp_path: Path) -> None:
    values = load_compare_recipe(RECIPES / "known_answers" / "recipe.toml").model_dump()
    values |= {"cases": {}, "data": {"case": "xor", "train": 200, "val": 70, "test": 100}, "folds": 3}
    found = compare(CompareRecipe.model_validate(values), ["tensor", "stacking"], 1, tmp_path)
    (case,) = json.loads((tmp_path / "results.json").read_text("utf-8"))["cases"]
    assert not found.failures
    assert {m["method"] for m in case["methods"]} >= {"only a", "tensor", "stacking", "average"}
    with np.load(tmp_path / "runs" / "all" / "tensor" / "seed0.npz") as file:
        assert len(file["val"]) == 270 and len(file["test"]) == 100


@pytest.mark.parametrize("settings", [["folds=1"], ["folds=-1"]])
def test_folds_that_are_none_are_refused(settings: list[str]) -> None:
    with pytest.raises(ConfigError, match="folds"):
        load_compare_recipe(RECIPES / "known_answers" / "recipe.toml", settings)
