"""A whole comparison in small."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from zimu.cli.main import main
from zimu.compare.comparing import collect, compare
from zimu.compare.methods import Method, choose_methods
from zimu.compare.recipes import CompareRecipe, load_compare_recipe
from zimu.compare.results import Costs, RunResult, load_result
from zimu.compare.runs import decide
from zimu.compare.schedule import run_all
from zimu.compare.sources import load_parts, read_parts, save_parts
from zimu.errors import ConfigError, UnknownNameError
from zimu.tasks import TASKS, PredictData, PredictParts
from zimu.tasks.decision import DECISIONS

RECIPES = Path(__file__).resolve().parents[2] / "recipes" / "compare"
SMALL = ["data.train=200", "data.val=60", "data.test=200", "predict.training.epochs=12", "noise=[1.0]"]


def xor(**changes: object) -> CompareRecipe:
    values = load_compare_recipe(RECIPES / "known_answers" / "recipe.toml").model_dump()
    values |= {"cases": {}, "data": {"case": "xor", "train": 300, "val": 100, "test": 300}, **changes}
    return CompareRecipe.model_validate(values)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("xor")
    compare(xor(), ["sum", "tensor", "majority"], 2, out)
    return out


def test_what_adds_fails_at_xor_and_what_multiplies_does_not(finished: Path) -> None:
    (case,) = json.loads((finished / "results.json").read_text("utf-8"))["cases"]
    scores = {m["method"]: m["score"]["value"] for m in case["methods"]}
    assert scores["tensor"] > 0.85
    assert max(scores[n] for n in ("sum", "average", "majority", "only a", "only b")) < 0.65
    assert case["verdicts"]["tensor"].startswith("Better") or case["best_simple"] == "concat_width"


def test_both_modalities_get_their_share_of_xor(finished: Path) -> None:
    (case,) = json.loads((finished / "results.json").read_text("utf-8"))["cases"]
    tensor = next(m for m in case["methods"] if m["method"] == "tensor")
    assert min(tensor["contributions"].values()) > 0.1
    assert tensor["under"]["a dead"]["value"] < 0.65


def test_pages_hold_their_pictures_and_ask_nobody_for_anything(finished: Path) -> None:
    for language, word in (("en", "noise"), ("zh", "噪声")):
        page = (finished / f"page.{language}.html").read_text("utf-8")
        assert page.count("<svg") == 4 and word in page
        assert not any(f"{key}http" in page for key in ('src="', 'href="', "url("))
    assert (finished / "scores.zh.png").read_bytes()[:4] == b"\x89PNG"


def test_runs_that_are_there_are_not_made_again(finished: Path) -> None:
    files = sorted((finished / "runs").rglob("*.npz"))
    before = [f.stat().st_mtime_ns for f in files]
    files[0].unlink()
    seen: list[int] = []
    methods = choose_methods(xor(), ["sum", "tensor", "majority"])
    run_all(xor(), methods, 2, finished, report=lambda done, total, _: seen.append(done))
    assert seen == [len(files) - 1, len(files)]
    assert [f.stat().st_mtime_ns for f in files[1:]] == before[1:]
    assert load_result(files[0]) is not None


def test_a_changed_recipe_makes_its_runs_again(finished: Path) -> None:
    changed = xor(predict={**xor().predict.model_dump(), "width": 8})
    with pytest.raises(ConfigError, match="Not all runs"):
        collect(changed, choose_methods(changed, ["sum"]), 2, finished)


def test_data_come_back_as_they_were_kept(tmp_path: Path) -> None:
    parts = read_parts(xor(absent={"share": 0.5}), "")
    digest = save_parts(parts, tmp_path / "data.npz")
    again = load_parts(tmp_path / "data.npz")
    assert digest == save_parts(again, tmp_path / "again.npz")
    lost = ~np.stack([s.keep.any(1) for s in again.train.streams.values()])
    assert 0.3 < lost.mean() < 0.5 and not lost.all(0).any()
    assert all((s.values[~s.keep] == 0).all() for s in again.train.streams.values())


def test_unknown_methods_are_named_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown method 'tensr'. Did you mean 'tensor'\?"):
        choose_methods(xor(), ["tensr"])


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*/recipe.toml")), ids=lambda p: p.parent.name)
def test_shipped_recipes_are_right(path: Path) -> None:
    recipe = load_compare_recipe(path)
    assert len(choose_methods(recipe, ["all"])) > 20


def test_numbers_judged_by_their_sign_are_joined_as_numbers() -> None:
    recipe = load_compare_recipe(RECIPES / "mosi_polarity" / "recipe.toml")
    names = {m.name for m in choose_methods(recipe, ["all"])}
    assert names >= {"average", "weighted", "stacking"}
    assert not names & {"majority", "log_linear", "dempster_shafer"}


def test_wrong_recipes_are_told_all_at_once(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text('name = "x"\nsource = "mosi"\nnoize = [1]\n[predict]\nencoders = {}\nwidth = 0\n')
    with pytest.raises(ConfigError) as told:
        load_compare_recipe(path)
    assert "`noize` (did you mean `noise`?)" in str(told.value) and "predict.width" in str(told.value)


def test_the_command_prints_a_table_and_says_what_is_noise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "r.toml"
    text = (RECIPES / "known_answers" / "recipe.toml").read_text("utf-8")
    kept = [part for part in text.split("\n[") if not part.startswith("cases.")]
    recipe.write_text("\n[".join(kept), "utf-8")
    sets = ["data.case='copy'", *SMALL]
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "compare",
                str(recipe),
                "--fusion",
                "sum",
                "--seeds",
                "1",
                "-o",
                str(tmp_path / "o"),
                *(x for s in sets for x in ("--set", s)),
            ]
        )
    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert "redundancy 0.83" in told and "only a" in told and "Validation chooses" in told


def test_a_decision_is_judged_on_validation_that_it_was_not_fitted_on() -> None:
    rng = np.random.default_rng(0)

    def part(count: int) -> PredictData:
        return PredictData([str(i) for i in range(count)], {}, rng.integers(0, 5, count))

    parts = PredictParts(part(60), part(60), part(60))
    singles = {}
    for name in ("a", "b", "c"):  # answers that have nothing to do with the targets
        val, test = rng.dirichlet(np.full(5, 0.1), (2, 60))
        costs = Costs(1, 1.0, 1.0, 1.0)
        singles[name] = RunResult(name, 0, "", 1, costs, 0.2, 0.0, {}, val, test, np.zeros(60))
    method = Method("stacking", "decision", ("a", "b", "c"), "stacking")
    answers = {n: s.val for n, s in singles.items()}
    fitted = DECISIONS["stacking"].fit(answers, parts.val.targets)(answers)
    found = decide(xor(noise=()), method, singles, parts, TASKS["classify"])
    assert (fitted.argmax(1) == parts.val.targets).mean() > 0.45
    assert found.val_score < 0.35
