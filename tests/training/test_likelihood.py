from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from zimu.data.manifest import read_manifest
from zimu.streams import pad_streams
from zimu.training.export import load_run
from zimu.training.likelihood import likelihood
from zimu.training.loop import train
from zimu.training.recipes import load_recipe
from zimu.training.source import SampleSource
from zimu.training.stepper import TorchStepper


def test_it_is_what_the_steps_of_a_search_find_each_right_token_to_be(tiny_run: Path) -> None:
    recipe, vocabulary, model = load_run(tiny_run)
    samples = list(read_manifest(recipe.data.manifest))[:5]
    # One, two, no and again one reference: clips of a batch need not have as many.
    texts = [("red",), ("a red square", "blue"), (), ("a blue circle moves",), ("red",)]
    samples = [replace(s, references={"en": t}) for s, t in zip(samples, texts, strict=True)]
    arrays = SampleSource(recipe, samples, tiny_run / "features").arrays
    stepper, found = TorchStepper(model, len(vocabulary)), []
    for i, sample in enumerate(samples):
        for text in sample.references["en"]:
            state = stepper.start({n: pad_streams([s]) for n, s in arrays(i, None).items()})
            tokens = vocabulary.encode(text, "en")
            for before, right in pairwise(tokens):
                ids, log_probs, state = stepper.step(np.array([before]), state)
                found.append(log_probs[0, list(ids[0]).index(right)])
    for batch_size in (1, 2, 5):
        scores = likelihood(model, samples, arrays, vocabulary, batch_size)
        assert scores.keys() == {"nll_en"}  # nobody has Chinese
        assert scores["nll_en"] == pytest.approx(-np.mean(found), rel=1e-5)


def test_the_epoch_that_finds_the_references_likeliest_is_kept(tiny_run: Path, tmp_path: Path) -> None:
    settings = ["training.metric=nll", "training.epochs=3", "training.average=0"]
    recipe = load_recipe(tiny_run.parent / "recipe.toml", settings)
    train(recipe, tmp_path)
    kept = torch.load(tmp_path / "last.pt", weights_only=True)["progress"]
    means = [(row["nll_en"] + row["nll_zh"]) / 2 for row in kept["history"]]
    assert kept["best_epoch"] == int(np.argmin(means))
    assert kept["best"] == pytest.approx(-min(means), abs=1e-4)
