"""Draws test scenes with the captions of the bundle: python recipes/scenes/preview.py MANIFEST PICTURE."""

import sys
from pathlib import Path

import matplotlib.pyplot as plt

import zimu
from zimu.data.manifest import read_manifest
from zimu.data.scenes import Facts, facts_arrays

FRAMES = 10
KINDS = ("matched", "matched", "matched", "both")


def main(manifest: Path, picture: Path) -> None:
    """Show the first test scenes of `KINDS` that have a clip: ten frames, the sound, and the captions."""
    samples = [s for s in read_manifest(manifest) if s.split == "test" and s.path.is_file()]
    chosen = []
    for kind in KINDS:
        chosen.append(next(s for s in samples if s.extra["kind"] == kind and s not in chosen))
    model = zimu.load("scenes")
    figure, axes = plt.subplots(2 * len(chosen), 1, figsize=(10, 2 * len(chosen)))
    for row, sample in enumerate(chosen):
        frames, sound = facts_arrays(Facts.from_json(sample.extra["facts"]))
        strip = frames[2 :: len(frames) // FRAMES].swapaxes(0, 1).reshape(frames.shape[1], -1, 3)
        axes[2 * row].imshow(strip)
        axes[2 * row].set_title(model.caption(sample.path, language="en")[0].text, fontsize=10)
        axes[2 * row + 1].specgram(sound + 1e-6, NFFT=512, Fs=16000, noverlap=256)
        for axis in axes[2 * row : 2 * row + 2]:
            axis.axis("off")
            axis.set_aspect("auto")
    figure.tight_layout(pad=0.4)
    figure.savefig(picture, dpi=80)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
