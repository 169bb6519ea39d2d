from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch

from zimu.errors import ConfigError
from zimu.training import validation
from zimu.training.loop import Event, train
from zimu.training.recipes import Recipe, load_recipe
from zimu.training.validation import Validation, score_captions


@pytest.fixture
def recipe(tiny_run: Path) -> Recipe:
    return load_recipe(tiny_run.parent / "recipe.toml")


def changed(recipe: Recipe, **values: object) -> Recipe:
    return recipe.model_copy(update=values)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    kept = torch.load(folder / "last.pt", weights_only=True)
    return kept["weights"] | {f"average.{k}": v for k, v in kept["average"].items()}


@pytest.mark.parametrize("stops", [[1], [1, 1, 1], [2, 1]])
def test_a_run_that_was_stopped_ends_with_the_same_weights_bit_for_bit(
    recipe: Recipe, tiny_run: Path, tmp_path: Path, stops: list[int]
) -> None:
    for steps in stops:
        train(recipe, tmp_path, max_steps=steps)
    train(recipe, tmp_path)
    straight, resumed = weights(tiny_run), weights(tmp_path)
    assert straight.keys() == resumed.keys()
    assert [n for n in straight if not torch.equal(straight[n], resumed[n])] == []


def test_a_finished_run_is_not_trained_again(recipe: Recipe, tiny_run: Path) -> None:
    before = (tiny_run / "last.pt").stat().st_mtime_ns
    events: list[Event] = []
    train(recipe, tiny_run, report=events.append)
    assert events == [] and (tiny_run / "last.pt").stat().st_mtime_ns == before


def test_a_folder_of_another_recipe_is_refused(recipe: Recipe, tiny_run: Path) -> None:
    with pytest.raises(ConfigError, match="holds a run of another recipe"):
        train(changed(recipe, name="other"), tiny_run)


def test_every_epoch_is_logged_and_drawn(tiny_run: Path) -> None:
    rows = list(csv.DictReader((tiny_run / "history.csv").read_text("utf-8").splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert float(rows[1]["loss"]) < float(rows[0]["loss"])
    assert {"cider_d_en", "bleu_4_zh", "wer_en", "distinct_zh", "commonest_en"} <= set(rows[0])
    assert (tiny_run / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_the_second_stage_raises_the_reward_without_breaking_off(recipe: Recipe, tmp_path: Path) -> None:
    critical = recipe.self_critical.model_copy(update={"epochs": 1, "samples": 3})
    events: list[Event] = []
    train(changed(recipe, self_critical=critical), tmp_path, report=events.append)
    assert [e.text.split(":")[0] for e in events if e.kind == "epoch"] == ["epoch 1", "epoch 2", "epoch 3"]
    assert "reward" in events[-1].text and "cider_d_en" in events[-1].text
    assert all(torch.isfinite(w).all() for w in weights(tmp_path).values() if w.is_floating_point())


@pytest.mark.parametrize(
    ("captions", "collapsed"),
    [
        (["a dog"] * 2 + [f"{i} dogs" for i in range(18)], False),  # two of twenty may show the same
        (["a dog"] * 3 + [f"{i} dogs" for i in range(17)], True),
        (["a dog"] * 3 + [f"{i} dogs" for i in range(37)], False),
        (["a dog"] * 5, False),  # five clips cannot tell
        ([f"{i // 2} dogs" for i in range(40)], True),  # none is alone
    ],
)
def test_captions_are_called_alike_where_there_are_enough_of_them(
    captions: list[str], collapsed: bool
) -> None:
    scores = {f"{k}_en": v for k, v in score_captions([["a cat"]] * len(captions), captions, "words").items()}
    texts = {"en": {str(i): text for i, text in enumerate(captions)}}
    assert Validation(scores, texts).has_collapsed() == collapsed


def test_captions_that_collapse_raise_an_alarm(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "_FEWEST", 2)
    monkeypatch.setattr(validation, "_ALIKE", 1)
    events: list[Event] = []
    train(recipe, tmp_path, report=events.append)
    assert any(e.kind == "alarm" and "collapse" in e.text for e in events)


def test_a_search_that_cuts_sentences_off_is_told(recipe: Recipe, tmp_path: Path) -> None:
    search = recipe.search.model_copy(update={"max_length": 3})
    events: list[Event] = []
    train(changed(recipe, search=search), tmp_path, max_steps=1, report=events.append)
    alarms = [e.text for e in events if e.kind == "alarm"]
    assert any("ends captions at 3 tokens; 50% of the training captions in 'en'" in text for text in alarms)
    events.clear()
    train(recipe, tmp_path / "longer", max_steps=1, report=events.append)
    assert not any("ends captions" in e.text for e in events)


def test_a_run_stops_early_when_nothing_gets_better(recipe: Recipe, tmp_path: Path) -> None:
    training = recipe.training.model_copy(update={"epochs": 9, "patience": 1, "learning_rate": 1e-12})
    events: list[Event] = []
    train(changed(recipe, training=training), tmp_path, report=events.append)
    assert sum(e.kind == "epoch" for e in events) == 2


def test_splits_that_are_not_there_are_named(recipe: Recipe, tmp_path: Path) -> None:
    data = recipe.data.model_copy(update={"val": "dev"})
    with pytest.raises(ConfigError, match=r"no samples of split .* or 'dev'. Found: train, val"):
        train(changed(recipe, data=data), tmp_path)
