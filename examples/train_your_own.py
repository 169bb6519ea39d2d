"""Train a captioner on a folder of videos with texts beside them, and caption with it.

The videos are made here, so that there is something to train on: two dozen scenes with sound, from a seed. A
real run wants hundreds of clips and thirty epochs; this one shows the way in a minute or two.

Run: python examples/train_your_own.py [FOLDER]      (extra `train`)
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import zimu
from zimu.data.scenes import make_scenes
from zimu.training.export import export
from zimu.training.loop import train
from zimu.training.own import own_recipe

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
videos = folder / "my-videos"
make_scenes(24, videos, seed=7, jobs=1)

# Begins with the words and weights of the bundle `describe`; the same as `zimu train my-videos`.
recipe = own_recipe(videos, ["training.epochs=2"], print)
run = folder / "run"
train(recipe, run, report=lambda event: print(event.text) if event.kind == "epoch" else None)

bundle = export(run, folder / "my-bundle")
print(bundle.card().split("\n\n")[2])

unseen = make_scenes(1, folder / "unseen", seed=8, jobs=1).parent / "clips" / "000000.mp4"
for caption in zimu.load(bundle.path).caption(unseen, language="en"):
    print(caption.start_ms, caption.end_ms, caption.text)
