"""Captions compared: every fusion over streams that a finished run has encoded."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from zimu.compare import sources
from zimu.compare.captions import caption_task
from zimu.compare.comparing import compare
from zimu.compare.encoded import read_encoded
from zimu.compare.methods import choose_methods
from zimu.compare.plots import draw_robustness, to_png
from zimu.compare.recipes import CompareRecipe
from zimu.errors import ConfigError, UnknownNameError
from zimu.streams import StreamBatch
from zimu.tasks import PredictData, PredictParts
from zimu.text.vocabulary import END, PAD

TOKENS = ("<pad>", "<end>", "<unk>", "<en>", "red", "blue", "hums", "rings")


def colours_and_sounds(count: int, seed: int) -> PredictData:
    """Two words to write: the first is seen, the second is heard; the noisy sound says nothing."""
    rng = np.random.default_rng(seed)
    seen, heard = rng.integers(0, 2, (2, count))

    def stream(bits: np.ndarray, noise: float = 0.1) -> StreamBatch:
        values = (2.0 * bits - 1)[:, None, None] + noise * rng.normal(size=(count, 3, 2))
        times = np.tile(np.arange(3) / 10, (count, 1))
        return StreamBatch(values.astype(np.float32), np.ones((count, 3), bool), times.astype(np.float32))

    targets = np.full((count, 1, 2, 4), PAD)
    targets[:, 0, 0] = np.stack((np.full(count, 3), 4 + seen, 6 + heard, np.full(count, END)), 1)
    streams = {
        "video": stream(seen),
        "audio": stream(heard),
        "audio noise 0 dB": stream(0 * heard + 0.5, 3.0),
    }
    return PredictData([f"{seed}-{i}" for i in range(count)], streams, targets, classes=TOKENS)


@pytest.fixture
def recipe(monkeypatch: pytest.MonkeyPatch) -> CompareRecipe:
    parts = PredictParts(*(colours_and_sounds(n, i) for i, n in enumerate((120, 30, 40))))
    monkeypatch.setitem(sources.SOURCES, "made", lambda: parts)
    return CompareRecipe.model_validate(
        {
            "name": "made",
            "source": "made",
            "caption": {
                "width": 16,
                "metric": "wer",
                "average": 0.8,
                "encoders": {n: {"name": "features", "dropout": 0.0} for n in ("video", "audio")},
                "decoder": {"hidden": 24, "embedding": 12, "attention": 12, "dropout": 0.0},
                "search": {"beam_size": 2, "max_length": 4},
                "training": {"epochs": 12, "batch_size": 20, "learning_rate": 0.02},
            },
        }
    )


def test_both_modalities_are_needed_and_every_level_finds_both(recipe: CompareRecipe, tmp_path: Path) -> None:
    found = compare(recipe, ["hierarchical", "average", "log_linear"], 1, tmp_path)
    assert not found.failures
    (table,) = found.tables
    errors = {r.method: r.score.value for r in table.rows}
    # Alone each writes its own word and guesses the other: a quarter of the words are wrong.
    assert 0.15 < errors["only video"] < 0.35 and 0.15 < errors["only audio"] < 0.35
    assert max(errors[n] for n in ("concat_width", "hierarchical", "log_linear")) < 0.05
    row = table.row("hierarchical")
    assert set(row.under) == {"audio dead", "video dead", "audio noise 0 dB"}
    assert row.under["audio dead"].value > 0.15 and row.under["audio noise 0 dB"].value > 0.1
    assert min(row.contributions.values()) > 0.1
    assert to_png(draw_robustness, table, "zh")[:4] == b"\x89PNG"
    (case,) = json.loads((tmp_path / "results.json").read_text("utf-8"))["cases"]
    assert case["score"] == "wer" and case["higher_is_better"] is False
    assert "word error rate, %" in (tmp_path / "table.en.md").read_text("utf-8")


def test_a_comparison_of_captions_has_the_decoders_own_fusion_and_no_head(recipe: CompareRecipe) -> None:
    names = {m.name: m for m in choose_methods(recipe, ["all"])}
    assert names["hierarchical"].kind == "fusion" and names["dempster_shafer"].trained
    assert not {"early", "late_average"} & set(names)
    with pytest.raises(UnknownNameError, match="gradient_blending"):
        choose_methods(recipe, ["gradient_blending"])


def test_scores_of_clips_add_up_to_the_corpus() -> None:
    targets = np.full((2, 1, 1, 6), PAD)
    targets[0, 0, 0, :4] = 3, 4, 5, END
    targets[1, 0, 0] = 3, 4, 5, 6, 7, END
    answers = np.array([[[4, 5, PAD]], [[4, 6, PAD]]])
    task = caption_task("wer")
    # Two words of the second caption's four are missing, of six in all.
    assert task.items(answers, targets).tolist() == pytest.approx([0, 2 / 3])
    assert task.value(answers, targets) == pytest.approx(2 / 6)


def test_a_recipe_has_one_of_the_two_tables(recipe: CompareRecipe) -> None:
    with pytest.raises(ConfigError, match=r"'made' needs one of the tables `\[predict\]` and `\[caption\]`"):
        _ = recipe.model_copy(update={"caption": None}).common


@pytest.fixture
def manifests(tiny_run: Path, tmp_path: Path) -> tuple[str, str]:
    rows = [json.loads(r) for r in (tiny_run.parent / "manifest.jsonl").read_text("utf-8").splitlines()]
    for row in rows:
        row["video"] = (tiny_run.parent / row["video"]).as_posix()
        row["split"] = "test" if row["id"] in "01" else row["split"]
    path = tmp_path / "test.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return (tiny_run.parent / "manifest.jsonl").as_posix(), path.as_posix()


def test_a_finished_run_encodes_clips_with_their_captions(tiny_run: Path, manifests: tuple[str, str]) -> None:
    own, test = manifests
    options = {"manifest": own, "test_manifest": test, "train": 4}
    parts = read_encoded(str(tiny_run), **options, variants=2, snr_db=[0.0])
    assert [len(p) for p in parts] == [8, 2, 2]
    assert {n: s.values.shape[2] for n, s in parts.train.streams.items()} == {"video": 16, "audio": 16}
    assert set(parts.test.streams) == {"video", "audio", "audio noise 0 dB"}
    assert not np.array_equal(*(parts.test.streams[n].values for n in ("audio", "audio noise 0 dB")))
    assert parts.train.targets.shape[:3] == (8, 2, 2)
    words = [parts.val.classes[t] for t in parts.val.targets[0, 0, 0]]
    assert words[0] == "<en>" and "wave" in words and "<end>" in words
    again = read_encoded(str(tiny_run), **options, languages=["zh"])
    assert np.array_equal(again.test.streams["video"].values, parts.test.streams["video"].values)
    assert again.test.targets.shape[1] == 1


def test_word_times_are_kept_with_the_data_and_those_without_are_what_they_were(
    tiny_run: Path, manifests: tuple[str, str], tmp_path: Path
) -> None:
    own, test = manifests
    rows = [json.loads(r) for r in Path(own).read_text("utf-8").splitlines()]
    parts = read_encoded(str(tiny_run), manifest=own, test_manifest=test, variants=2)
    assert parts.train.words is not None
    said = [parts.train.classes[i] for i in parts.train.words.ids[0]]
    first = next(r for r in rows if r["split"] == "train")["words"]
    assert said[: len(first)] == [w["word"] for w in first]
    assert parts.train.words.ends[0, 0] == pytest.approx(first[0]["end"])
    sources.save_parts(parts, tmp_path / "with.npz")
    for kept, part in zip(sources.load_parts(tmp_path / "with.npz"), parts, strict=True):
        assert kept.words is not None and part.words is not None
        assert all(np.array_equal(a, b) for a, b in zip(kept.words, part.words, strict=True))
    # Nothing is added to data without words, so the hash of what was kept before stays.
    sources.save_parts(PredictParts(*(replace(p, words=None) for p in parts)), tmp_path / "without.npz")
    with np.load(tmp_path / "with.npz") as new, np.load(tmp_path / "without.npz") as old:
        assert {k.partition("/")[2] for k in set(new.files) - set(old.files)} == {
            "words/ids",
            "words/starts",
            "words/ends",
        }
        assert str(new["about"]) == str(old["about"])
    assert sources.load_parts(tmp_path / "without.npz").val.words is None


def test_some_of_a_sorted_manifest_are_drawn_from_all_of_it(
    tiny_run: Path, manifests: tuple[str, str]
) -> None:
    own, test = manifests
    ids = read_encoded(str(tiny_run), manifest=own, test_manifest=test).train.ids
    some = read_encoded(str(tiny_run), manifest=own, test_manifest=test, train=3).train.ids
    assert [i.partition("#")[0] for i in some] == [i.partition("#")[0] for i in ids][::2]


def test_noise_in_training_clips_can_be_set_apart_from_the_run(
    tiny_run: Path, manifests: tuple[str, str]
) -> None:
    own, test = manifests
    quiet, noisy = (
        read_encoded(str(tiny_run), manifest=own, test_manifest=test, noise_share=share)
        for share in (0.0, 1.0)
    )
    assert not np.array_equal(*(p.train.streams["audio"].values for p in (quiet, noisy)))
    assert np.array_equal(*(p.test.streams["audio"].values for p in (quiet, noisy)))


def test_what_is_missing_is_told(tiny_run: Path, manifests: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no finished run in"):
        read_encoded(str(tmp_path))
    with pytest.raises(ConfigError, match="There are 6 samples of split train, not 90"):
        read_encoded(str(tiny_run), manifest=manifests[0], train=90)
