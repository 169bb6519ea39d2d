"""Audio-visual digits: a written and a spoken digit of the same value, both weakened neither suffices.

Of each picture the principal components that hold 75 % of the energy are removed; each recording gets a sound
of ESC-10 mixed in at a random ratio between -10 and 0 dB. After AV-MNIST (Vielzeuf et al. 2018,
arXiv:1808.07275), whose own data were never released.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zimu.data.arrays import load_arrays, one_step
from zimu.errors import ConfigError
from zimu.features.sound import log_mel
from zimu.features.spec import AudioSpec
from zimu.media.reader import iter_media
from zimu.media.requests import SampleRequest
from zimu.streams import Frame, Stream, pad_streams
from zimu.tasks import PredictData, PredictParts

__all__ = ["SPOKEN", "make_digits"]

Sound = npt.NDArray[np.float32]

RATE_HZ = 8000
SPOKEN = AudioSpec(
    rate_hz=RATE_HZ, window=400, hop=256, fft=512, bands=20, low_hz=100.0, high_hz=3800.0, offset=1e-3
)
# One second; one recording in a hundred is longer.
_LONGEST = RATE_HZ
_ENERGY = 0.75
_LOW_DB, _HIGH_DB = -10.0, 0.0


def make_digits(
    mnist: Path,
    spoken: Path,
    esc10: Path,
    *,
    train: int = 8000,
    val: int = 1000,
    test: int = 2000,
    energy: float = _ENERGY,
    seed: int = 0,
) -> PredictParts:
    """Return pairs of an image [1, 28, 28] and log-mel steps [T, 20].

    Pictures of MNIST's training part and recordings 5 to 49 make the training and (from 45 on) the validation
    part, pictures of its test part and recordings 0 to 4 the test part; sounds of folds 1 to 4 and of fold 5.

    Args:
        mnist: Folder with `mnist.npz`.
        spoken: Folder with `spoken_digits.ogg` and `index.npz`.
        esc10: Folder with `meta.csv` and `audio/`.
        train: Pairs to learn from.
        val: Pairs to choose by.
        test: Pairs to look at once.
        energy: Share of the pictures' energy that is removed, 0 to 1.
        seed: Of pairs, sounds and ratios.

    Raises:
        ConfigError: A file is missing or another.
        MediaError: A sound cannot be read.
    """
    generator = np.random.default_rng(seed)
    pictures = load_arrays(
        mnist / "mnist.npz", ["train_images", "train_labels", "test_images", "test_labels"]
    )
    if train + val > len(pictures["train_labels"]) or test > len(pictures["test_labels"]):
        raise ConfigError(f"There are not {train} + {val} training and {test} test pictures in {mnist}.")
    seen, unseen = _weaken(pictures["train_images"], pictures["test_images"], energy)
    index = load_arrays(spoken / "index.npz", ["offset", "length", "label", "recording"])
    voice = _read(spoken / "spoken_digits.ogg")
    sounds = list(_read_sounds(esc10))
    parts, start = [], 0
    for count, lowest, highest, test_part in (
        (train, 5, 44, False),
        (val, 45, 49, False),
        (test, 0, 4, True),
    ):
        labels = pictures["test_labels" if test_part else "train_labels"][start : start + count].astype(
            np.int64
        )
        images = (unseen if test_part else seen)[start : start + count]
        start = 0 if lowest == 45 else start + count
        said = _choose(labels, index, (lowest, highest), generator)
        noises = [s for fold, s in sounds if (fold == 5) == test_part]
        speech = [voice[index["offset"][i] : index["offset"][i] + index["length"][i]] for i in said]
        audio = pad_streams([_steps(_mix(s, noises, generator)) for s in speech])
        streams = {"image": one_step(images[:, None]), "audio": audio}
        ids = [f"{i}_{r}" for i, r in zip(range(count), said.tolist(), strict=True)]
        parts.append(PredictData(ids, streams, labels, classes=tuple("0123456789")))
    return PredictParts(*parts)


def _weaken(train: npt.NDArray[np.uint8], test: npt.NDArray[np.uint8], removed: float) -> tuple[Sound, Sound]:
    """Return pictures float32 [N, 28, 28] less the principal components with a share of the training
    energy."""
    flat = train.reshape(len(train), -1).astype(np.float64) / 255
    mean = flat.mean(0)
    energy, directions = np.linalg.eigh((flat - mean).T @ (flat - mean))
    share = np.cumsum(energy[::-1]) / energy.sum()
    strong = directions[:, ::-1][:, : int(np.searchsorted(share, removed)) + 1]

    def rest(pictures: npt.NDArray[np.uint8]) -> Sound:
        values = pictures.reshape(len(pictures), -1) / 255 - mean
        less: Sound = (values - values @ strong @ strong.T).astype(np.float32).reshape(pictures.shape)
        return less

    return rest(train), rest(test)


def _choose(
    labels: npt.NDArray[np.int64],
    index: dict[str, npt.NDArray[np.integer]],
    recordings: tuple[int, int],
    generator: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """Return for each label the row of a recording of the same digit."""
    allowed = (index["recording"] >= recordings[0]) & (index["recording"] <= recordings[1])
    out = np.zeros(len(labels), np.int64)
    for digit in range(10):
        rows = np.flatnonzero(allowed & (index["label"] == digit))
        out[labels == digit] = generator.choice(rows, int((labels == digit).sum()))
    return out


def _read(path: Path) -> Sound:
    blocks = iter_media(path, frames=None, samples=SampleRequest(RATE_HZ))
    return np.concatenate([b.values for b in blocks if not isinstance(b, Frame)])


def _read_sounds(folder: Path) -> Iterator[tuple[int, Sound]]:
    try:
        rows = list(csv.DictReader((folder / "meta.csv").read_text("utf-8").splitlines()))
    except OSError as error:
        raise ConfigError(f"{folder / 'meta.csv'} cannot be read: {error.strerror}.") from error
    for row in rows:
        yield int(row["fold"]), _read(folder / "audio" / row["file"])


def _mix(speech: Sound, noises: list[Sound], generator: np.random.Generator) -> Sound:
    """Return the speech with a stretch of a noise at a drawn ratio of powers; silence is drawn anew."""
    speech = speech[:_LONGEST]
    while True:
        noise = noises[generator.integers(len(noises))]
        start = generator.integers(max(1, len(noise) - len(speech)))
        stretch = np.resize(noise[start : start + len(speech)], len(speech))
        power = float(np.mean(stretch**2))
        if power > 1e-7:
            break
    ratio = 10 ** (generator.uniform(_LOW_DB, _HIGH_DB) / 10)
    mixed = speech + stretch * np.sqrt(float(np.mean(speech**2)) / (power * ratio))
    # Speakers differ in loudness, and so does what is mixed in: all are made as loud as each other.
    loudness = max(1e-6, float(np.sqrt(np.mean(mixed**2))))
    even: Sound = (0.1 * mixed / loudness).astype(np.float32)
    return even


def _steps(sound: Sound) -> Stream:
    mel = log_mel(sound, SPOKEN)
    return Stream(
        mel, np.ones(len(mel), np.bool_), (np.arange(len(mel)) * SPOKEN.hop + SPOKEN.window / 2) / RATE_HZ
    )
