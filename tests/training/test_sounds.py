"""The bundle that names sounds: stored small without loss, equal to torch, and measured by honest rules."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from zimu.bundles.manifest import Bundle  # noqa: E402
from zimu.captions.sound_events import SoundEvent  # noqa: E402
from zimu.captions.wording import COLUMNS, read_wording  # noqa: E402
from zimu.errors import BundleError, ConfigError  # noqa: E402
from zimu.model.encoders.yamnet import YamNet  # noqa: E402
from zimu.training.pretrained import load_yamnet  # noqa: E402
from zimu.training.sound_bundle import check_graph, export_tagger, whole_steps  # noqa: E402
from zimu.training.sound_heads import RidgeHead, five_folds, name_by_classes, summarise  # noqa: E402
from zimu.training.sound_tracks import (  # noqa: E402
    ESC10_CLASSES,
    Heard,
    Track,
    compose_tracks,
    score_tracks,
    sounds_of_kinds,
)
from zimu.training.sounds import main  # noqa: E402

WORDING = Path(__file__).parents[2] / "bundles" / "sounds" / "wording.csv"


@pytest.fixture(scope="module")
def model() -> YamNet:
    """Random weights that were int8 once: one step a channel, one in all the classifier, none in layer 1."""
    torch.manual_seed(0)
    model = YamNet().eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.startswith("layer1.") or weight.ndim < 2:
                continue
            flat = weight.reshape(len(weight), -1)
            largest = flat.abs().max() if name.startswith("classifier") else flat.abs().amax(1, keepdim=True)
            step = largest / 127
            weight.copy_((flat.div(step).round() * step).reshape(weight.shape))
        for weight in model.parameters():
            weight.copy_(weight.half().float())
    return model


@pytest.fixture(scope="module")
def bundle(model: YamNet, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    target = tmp_path_factory.mktemp("bundles") / "sounds"
    return export_tagger(model, WORDING, target, documents={"CARD.md": b"# A card\n"})


def test_the_graph_scores_as_torch_does(bundle: Bundle, model: YamNet) -> None:
    patches = np.random.default_rng(0).normal(-4, 2, (5, 96, 64)).astype(np.float32)
    assert check_graph(bundle, model, patches) < 1e-3
    assert check_graph(bundle, model, patches[:1]) < 1e-3


def test_a_byte_a_weight_is_enough(bundle: Bundle) -> None:
    assert bundle.manifest.graphs["tag"].bytes < 3_950_000
    assert bundle.card() == "# A card\n"


def test_whole_steps_are_found_again_after_rounding_to_half() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.integers(-127, 128, (8, 3, 3, 3))
    numbers[:, 0, 0, 0] = 127
    steps = rng.uniform(1e-3, 1e-2, (8, 1, 1, 1))
    found = whole_steps((numbers * steps).astype(np.float16).astype(np.float32))
    assert found is not None
    np.testing.assert_array_equal(found[0], numbers)
    np.testing.assert_allclose(found[1], steps, rtol=1e-3)


def test_weights_that_were_never_int8_are_left_alone() -> None:
    weights = np.random.default_rng(0).standard_normal((8, 27)).astype(np.float32)
    assert whole_steps(weights) is None


def test_a_table_that_does_not_fit_the_model_is_refused(model: YamNet, tmp_path: Path) -> None:
    short = tmp_path / "short.csv"
    short.write_text("\n".join(WORDING.read_text("utf-8").splitlines()[:21]) + "\n", "utf-8")
    with pytest.raises(BundleError, match="20 rows, the model scores 521 classes"):
        export_tagger(model, short, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_foreign_weights_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"conv.weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ConfigError, match="does not hold the weights of YAMNet"):
        load_yamnet(tmp_path / "other.safetensors")
    with pytest.raises(ConfigError, match=r"none\.safetensors are not there"):
        load_yamnet(tmp_path / "none.safetensors")


def test_a_kind_is_named_by_the_mean_or_the_maximum_of_its_best_class() -> None:
    scores = np.array([[0.9, 0.1, 0.3], [0.0, 0.2, 0.4]], np.float32)
    kinds = {"once": [0], "always": [1, 2]}
    assert name_by_classes(scores, kinds, "max") == "once"
    # Means of the best class: 0.45 and 0.35.
    assert name_by_classes(scores, kinds, "mean") == "once"
    assert name_by_classes(np.vstack((scores, scores[1:])), kinds, "mean") == "always"


def test_a_summary_is_mean_maximum_and_deviation() -> None:
    np.testing.assert_allclose(summarise(np.array([[1.0, 0.0], [3.0, 0.0]], np.float32)), [2, 0, 3, 0, 1, 0])


def test_the_dual_of_the_head_equals_ridge_regression() -> None:
    rng = np.random.default_rng(0)
    inputs, labels = rng.standard_normal((30, 50)), [f"k{i % 3}" for i in range(30)]
    head = RidgeHead.fit(inputs, labels, 0.1)
    rows = (inputs - inputs.mean(0)) / (inputs.std(0) + 1e-3)
    targets = np.array([[float(label == k) for k in head.kinds] for label in labels])
    # The textbook form, over columns; the kernel is divided by their number, and so is the penalty here.
    weights = np.linalg.solve(rows.T @ rows + 0.1 * 50 * np.eye(50), rows.T @ (targets - targets.mean(0)))
    np.testing.assert_allclose(head.outputs(inputs), rows @ weights + targets.mean(0), atol=1e-8)


def test_five_folds_tell_separable_kinds_and_chance_on_noise() -> None:
    rng = np.random.default_rng(0)
    labels = [f"k{i % 4}" for i in range(100)]
    folds = [1 + i // 20 for i in range(100)]
    centres = np.array([float(label[1:]) for label in labels])[:, None] * np.array([[1.0, -1.0, 0.5]])
    easy = np.eye(4)[centres[:, 0].astype(int)] + 0.05 * rng.standard_normal((100, 4))
    assert five_folds(easy, labels, folds).mean == 1.0
    blind = five_folds(rng.standard_normal((100, 40)), labels, folds)
    # A fold that saw itself would be far above the chance of a quarter.
    assert blind.mean < 0.45
    assert len(blind.wrong) == round(100 * (1 - blind.mean))


def test_tracks_hold_every_clip_once_at_its_time() -> None:
    rng = np.random.default_rng(0)
    clips = [("rain", rng.standard_normal(32000).astype(np.float32)) for _ in range(20)]
    tracks = compose_tracks(clips, [np.zeros(100, np.float32)], rng, backgrounds=["silence"])
    truths = [t for track in tracks for t in track.truth]
    assert len(truths) == 20
    for track in tracks:
        for one, other in zip(track.truth, track.truth[1:], strict=False):
            assert other.start_s - one.end_s >= 2.4
        inside = np.zeros(len(track.values), bool)
        for truth in track.truth:
            inside[round(truth.start_s * 16000) : round(truth.end_s * 16000)] = True
        assert np.abs(track.values[~inside]).max() < 1e-3
        assert np.abs(track.values[inside]).max() <= 1


def test_what_is_told_is_right_vague_or_wrong() -> None:
    wording = read_wording(WORDING.read_bytes())
    index = {s.texts["en"]: i for i, s in enumerate(wording.sounds)}

    def event(words: str, start: float, end: float) -> SoundEvent:
        one = np.ones(1, np.float32)
        return SoundEvent(index[words], start, end, np.array([start]), one, one)

    track = Track("silence", np.zeros(1, np.float32), (Heard("dog_bark", 1, 3), Heard("rain", 10, 15)))
    told = [
        event("dog barking", 1.5, 2.5),
        event("animal sounds", 2, 3),
        event("rain falling", 20, 22),
        event("cat meowing", 11, 12),
    ]
    score = score_tracks([track], [told], wording)
    assert (score.truths, score.told, score.right, score.vague, score.found) == (2, 4, 1, 1, 1)
    assert (score.precision, score.recall) == (0.25, 0.5)
    assert score.f1 == pytest.approx(1 / 3)
    assert score.start_errors.tolist() == [0.5]
    assert score.end_errors.tolist() == [-0.5]


def test_each_kind_has_its_words_in_the_table() -> None:
    wording = read_wording(WORDING.read_bytes())
    words = {k: {wording.sounds[i].texts["zh"] for i in s} for k, s in sounds_of_kinds(wording).items()}
    assert words["dog_bark"] == {"狗叫声"}
    assert words["rooster"] == {"鸡叫声", "公鸡打鸣声"}
    assert all(words[kind] for kind in ESC10_CLASSES)


@pytest.fixture
def manifest(make_sound: Callable[..., Path], tmp_path: Path) -> Path:
    """Two clips a fold of each of two kinds."""
    rng = np.random.default_rng(0)
    rows = []
    for fold in range(1, 6):
        for kind in ("rain", "dog_bark"):
            for take in range(2):
                values = 0.1 * rng.standard_normal(16000)
                if kind == "dog_bark":
                    values *= np.sin(np.arange(16000) / 2000) > 0.5
                name = f"{fold}-{kind}-{take}.wav"
                make_sound(tmp_path / name, values.astype(np.float32))
                rows.append({"id": name, "audio": name, "label": kind, "fold": fold})
    path = tmp_path / "manifest.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    return path


def test_esc10_is_measured_by_fold(
    bundle: Bundle, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["esc10", str(manifest), "--bundle", str(bundle.path)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["clips"] == 20
    assert set(result["head"]) == {"mean", "1", "2", "3", "4", "5"}
    assert len(result["head_wrong"]) == round(20 * (1 - result["head"]["mean"]))
    assert len(result["untrained_wrong"]) == round(20 * (1 - result["untrained"]["mean_at_gain"]["mean"]))


def test_tracks_are_measured_over_each_background(
    bundle: Bundle, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["tracks", str(manifest), "--speech", str(manifest.parent), "--bundle", str(bundle.path)]
    assert main([*arguments, "--folds", "1,2"]) == 0
    assert isinstance(json.loads(capsys.readouterr().out), dict)
    assert main([*arguments, "--folds", "9"]) == 2
    assert "has no clip in the folds 9" in capsys.readouterr().err


def test_a_label_of_another_set_is_refused(
    bundle: Bundle, manifest: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest.write_text(manifest.read_text("utf-8").replace('"rain"', '"snow"'), "utf-8")
    assert main(["esc10", str(manifest), "--bundle", str(bundle.path)]) == 2
    assert "has the label 'snow'. Known: dog_bark, rain" in capsys.readouterr().err


def test_the_table_has_a_row_for_every_class_of_yamnet(shared: Path) -> None:
    names = (shared / "weights" / "yamnet_classes.txt").read_text("utf-8").splitlines()
    with WORDING.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [r["name"] for r in rows] == [n for n in names if n]
    assert tuple(rows[0]) == COLUMNS
