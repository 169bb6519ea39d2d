"""MOSI: can validation videos choose, and does stronger regularisation help? `python -m bench.mosi FOLDER`.

The published text and face features come from networks that were trained with the labels of the training
videos, and validation is cut from these. Seven settings are drawn (encoder dropout 0.5 to 0.8, width,
context, epochs, rate, weight decay, lost streams), two seeds each; the table is sorted by the
validation loss. Then four settings that were fixed beforehand, five seeds each, and words alone: a linear
model of the transcripts, by folds of training videos.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np

from zimu.data.mosi import read_mosi
from zimu.tasks import PredictData, PredictParts
from zimu.training.predict import Predictor, train_predictor
from zimu.training.predict_recipes import PredictRecipe

SETTINGS, SEEDS, FIXED_SEEDS = 7, (0, 1), range(5)
RECIPES = Path(__file__).resolve().parents[1] / "recipes" / "compare"


def draw(rng: np.random.Generator) -> PredictRecipe:
    def one(*values: Any) -> Any:
        return values[int(rng.integers(len(values)))]

    dropout = one(0.5, 0.65, 0.8)
    return PredictRecipe.model_validate(
        {
            "width": one(8, 16, 32),
            "dropout": one(0.3, 0.5),
            "context": one("none", "gru", "attention", "gru"),
            "encoders": {n: {"name": "features", "dropout": dropout} for n in ("text", "audio", "video")},
            "fusion": {"name": one("concat_width", "sum", "gated_sum", "concat_time")},
            "training": {
                "epochs": one(2, 4, 8),
                "batch_size": one(200, 400),
                "learning_rate": one(0.002, 0.006),
                "patience": 0,
                "weight_decay": one(0.01, 0.3),
                "label_smoothing": one(0.0, 0.2),
                "absent": {"text": one(0.3, 0.6, 0.8), "audio": 0.2, "video": one(0.2, 0.5)},
            },
        }
    )


def loss(model: Predictor, data: PredictData) -> float:
    right = model.predict(data)[np.arange(len(data)), data.targets]
    return float(-np.log(np.clip(right, 1e-9, 1)).mean())


def settings(folder: Path) -> None:
    parts, rng, rows = read_mosi(folder), np.random.default_rng(0), []
    for _ in range(SETTINGS):
        recipe = draw(rng)
        models = [train_predictor(recipe, parts.train, parts.val, seed=s) for s in SEEDS]
        told = (
            f"{recipe.fusion.name}, {recipe.context}, width {recipe.width}, {recipe.training.epochs} epochs"
        )
        means = [
            float(np.mean([f(m) for m in models]))
            for f in (
                lambda m: loss(m, parts.val),
                lambda m: 100 * m.score(parts.val),
                lambda m: 100 * m.score(parts.test),
            )
        ]
        rows.append((means, told))
    print(f"{'val loss':>9} {'val %':>7} {'test %':>7}")
    for (low, val, test), told in sorted(rows):
        print(f"{low:>9.3f} {val:>7.1f} {test:>7.1f}  {told}")


def centred(data: PredictData) -> PredictData:
    """Return the samples with each video's own mean taken off every stream."""
    streams, groups = {}, np.asarray(data.groups)
    for name, batch in data.streams.items():
        values = np.array(batch.values, np.float32)
        for group in np.unique(groups):
            values[groups == group] -= values[groups == group].mean(0)
        streams[name] = batch._replace(values=values)
    return data.with_streams(streams)


def fixed(folder: Path) -> None:
    """The recipe with `concat_width`: as it is, centred by video, with the voice weighted up, with both."""
    parts = read_mosi(folder)
    recipe = tomllib.loads((RECIPES / "mosi" / "recipe.toml").read_text("utf-8"))["predict"]
    recipe["fusion"] = {"name": "concat_width"}
    losing = {"as in the recipe": recipe["training"]["absent"]}
    losing["voice never lost, the others in 80 %"] = {"text": 0.8, "audio": 0.0, "video": 0.8}
    for told, absent in losing.items():
        recipe["training"]["absent"] = absent
        chosen = PredictRecipe.model_validate(recipe)
        for each, (train, val, test) in (("", parts), (", centred", PredictParts(*map(centred, parts)))):
            models = [train_predictor(chosen, train, val, seed=s) for s in FIXED_SEEDS]
            means = [100 * float(np.mean([m.score(part) for m in models])) for part in (val, test)]
            print(f"{'':>9} {means[0]:>7.1f} {means[1]:>7.1f}  {told}{each}")


def words_alone(folder: Path) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    arrays = np.load(folder / "mosi.npz")
    train = arrays["split"] == 0
    texts = np.array((folder / "transcripts.txt").read_text("utf-8").splitlines(), object)[train]
    labels, videos, right = arrays["label"][train], arrays["video_index"][train], []
    for learnt, held in GroupKFold(5).split(texts, labels, videos):
        terms = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        model = LogisticRegression(max_iter=500).fit(terms.fit_transform(texts[learnt]), labels[learnt])
        right.append((model.predict(terms.transform(texts[held])) == labels[held]).mean())
    print(f"words of the transcripts, five folds of training videos: {100 * np.mean(right):.1f} %")


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "data/mosi")
    if not (folder / "mosi.npz").is_file():
        print(f"There is no mosi.npz in {folder}: nothing measured.")
        return 0
    settings(folder)
    fixed(folder)
    words_alone(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
