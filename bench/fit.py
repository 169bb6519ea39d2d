"""`zimu.fit` on real tables, with scikit-learn as people call it on the same rows; and offsets on GRID.

Reads the folder of real data next to the checkout: `python -m bench.fit [heart ecg notes labs meld grid]`.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import sys
import tempfile
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from zimu.data.records import read_records
from zimu.data.splits import split_rows, strata_of
from zimu.features.offset import estimate_offset, learn_envelope, onset_envelope, sound_envelope
from zimu.media.reader import iter_media
from zimu.media.requests import FrameRequest, SampleRequest
from zimu.streams import Frame, Samples, Stream
from zimu.training.fit import fit

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SEEDS = 20
MASKED = re.compile(r"covid[- ]?(19)?|sars[- ]?cov[- ]?2?|coronavirus|2019-ncov|ncov", re.IGNORECASE)
MOUTH = (30 / 128, 78 / 128, 95 / 128, 118 / 128)


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return a table as rows."""
    columns = read_records(path).columns
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def quiet(text: str) -> None:
    """Print nothing."""


def heart() -> None:
    """Print accuracy and log loss over 20 partings, beside logistic regression and boosted trees."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = rows_of(DATA / "heart_disease" / "cleveland.csv")
    for row in rows:
        row["disease"] = "yes" if float(row.pop("num")) > 0 else "no"
    names = [n for n in rows[0] if n != "disease"]
    x = np.array([[np.nan if r[n] is None else float(r[n]) for n in names] for r in rows])
    y = np.array([int(r["disease"] == "yes") for r in rows])
    found = []
    for seed in range(SEEDS):
        model = fit(rows, "disease", networks=False, seed=seed, tell=quiet)
        fused = model.report["systems"]["fused"]
        line = [fused["accuracy"]["value"], fused["log_loss"]["value"]]
        parts = split_rows(strata_of([r["disease"] for r in rows], "classify"), seed=seed)
        learn, test = [*parts.train, *parts.val], list(parts.test)
        logistic = make_pipeline(
            SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression(max_iter=1000)
        )
        for other in (logistic, HistGradientBoostingClassifier(random_state=0)):
            sure = other.fit(x[learn], y[learn]).predict_proba(x[test])[:, 1]
            right = np.where(y[test] == 1, sure, 1 - sure)
            line += [float((right > 0.5).mean()), float(-np.log(np.maximum(right, 1e-12)).mean())]
        found.append(line)
    table = np.array(found)
    mean, error = table.mean(axis=0), table.std(axis=0, ddof=1) / SEEDS**0.5
    for i, name in enumerate(("zimu.fit", "LogisticRegression", "HistGradientBoostingClassifier")):
        print(
            f"  {name:32} accuracy {mean[2 * i]:.3f}  log loss {mean[2 * i + 1]:.3f} ± {error[2 * i + 1]:.3f}"
        )
    for i, name in ((1, "LogisticRegression"), (2, "HistGradientBoostingClassifier")):
        apart = table[:, 2 * i + 1] - table[:, 1]
        spread = 1.96 * apart.std(ddof=1) / SEEDS**0.5
        print(f"  log loss gained on {name}: {apart.mean():+.3f} ± {spread:.3f} (95 %, {SEEDS} partings)")


def ecg() -> None:
    """Print ECG200 by its official parts: one column of series."""
    held = np.load(DATA / "ecg" / "ecg200.npz")
    rows = [
        {"beat": beat.tolist(), "label": "normal" if label == 1 else "ischemia", "split": part}
        for part in ("train", "test")
        for beat, label in zip(held[f"{part}_signal"], held[f"{part}_label"], strict=True)
    ]
    fit(rows, "label")


def notes() -> None:
    """Print X-rays, notes and table: COVID-19 or not; its name is masked in the notes."""
    folder = DATA / "covid_xray_notes"
    rows = [
        {
            "image": f"images/{r['image']}",
            "notes": MASKED.sub("the disease", r["clinical_notes"] or ""),
            **{n: r[n] for n in ("age", "sex", "offset", "patientid", "split")},
            "covid": "yes" if "COVID" in r["finding"] else "no",
        }
        for r in rows_of(folder / "metadata.csv")
        if r["finding"] != "todo"
    ]
    fit(rows, "covid", folder=folder)


def labs() -> None:
    """Print X-rays and laboratory values: intensive care or not, by patients."""
    folder = DATA / "covid_xray_labs"
    rows = [{**r, "xray": f"images/{r['image_id']}.jpg"} for r in rows_of(folder / "data.csv")]
    late = ("icu_admission_offset", "icu_release_offset", "death_offset", "death")
    fit(rows, "icu_ever", folder=folder, kinds=dict.fromkeys(late, "ignore"))


def meld() -> None:
    """Print emotions of utterances: words, and who speaks."""
    with gzip.open(DATA / "meld_text" / "meld.csv.gz", "rt", encoding="utf-8") as file:
        rows = [
            {
                "split": r["split"],
                "dialogue_id": f"{r['split']} {r['Dialogue_ID']}",
                "speaker": r["Speaker"],
                "utterance": r["Utterance"],
                "place": int(r["Utterance_ID"]),
                "emotion": r["Emotion"],
            }
            for r in csv.DictReader(file)
        ]
    fit(rows, "emotion", networks=False, kinds={"speaker": "category"})


def grid() -> None:
    """Print how near to 120 ms an injected delay of the sound is found, by clips taken together."""
    folder = DATA / "grid_s1"
    rows = [json.loads(line) for line in (folder / "transcripts.jsonl").open(encoding="utf-8")]
    train = [read_clip(folder / r["file"]) for r in [r for r in rows if r["split"] == "train"][::8]]
    test = [read_clip(folder / r["file"]) for r in rows if r["split"] == "val"]
    model = learn_envelope([f for f, _ in train], [heard(s) for _, s in train])
    seen = [model.envelope(f) for f, _ in test]
    late = [heard(s, 1920) for _, s in test]
    order = np.random.default_rng(0).permutation(len(test))
    for count in (1, 5, 10, 20, 50, 100):
        groups = [order[i : i + count] for i in range(0, len(order) - count + 1, count)]
        found = [estimate_offset([seen[i] for i in g], [late[i] for i in g], largest_s=0.4) for g in groups]
        off = 1000 * (np.array([f.seconds for f in found]) - 0.12)
        near = (np.abs(off) <= 10).mean()
        print(f"  {count:2} clips: {near:.0%} within 10 ms, median error {np.median(np.abs(off)):.1f} ms")


def read_clip(path: Path) -> tuple[Stream, np.ndarray]:
    """Return the pictures of the mouth and the sound of a clip."""
    mouth = FrameRequest(None, 16, 10, "stretch", MOUTH, "gray")
    items = list(iter_media(path, frames=mouth, samples=SampleRequest()))
    frames = [i for i in items if isinstance(i, Frame)]
    pictures = np.stack([f.picture for f in frames]).astype(np.float32)
    times = np.array([float(f.time) for f in frames])
    sound = np.concatenate([i.values for i in items if isinstance(i, Samples)])
    return Stream(pictures, np.ones(len(times), bool), times), sound


def heard(sound: np.ndarray, late: int = 0) -> Stream:
    """Return how the loudness of a sound rises in eight bands, so many samples late."""
    moved = Samples(Fraction(0), 16000, np.r_[np.zeros(late, np.float32), sound])
    return onset_envelope(sound_envelope(moved, bands=8))


if __name__ == "__main__":
    if not DATA.is_dir():
        sys.exit(f"real data is not at {DATA}")
    warnings.simplefilter("ignore")
    tempfile.tempdir = tempfile.mkdtemp(prefix="zimu-bench-")
    parts = {"heart": heart, "ecg": ecg, "notes": notes, "labs": labs, "meld": meld, "grid": grid}
    for name in sys.argv[1:] or parts:
        print(f"{name}: {(parts[name].__doc__ or '').splitlines()[0]}", flush=True)
        parts[name]()
