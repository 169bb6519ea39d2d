"""Samples to batches: what is drawn, changed and padded for one step of training.

All randomness of a step comes from (seed, epoch, sample), never from what was drawn before, so a run that is
killed goes on with exactly the batches that it would have had.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from zimu.data.manifest import Sample
from zimu.errors import ConfigError
from zimu.model.steps import Steps
from zimu.streams import Stream, pad_streams
from zimu.text.vocabulary import PAD, Vocabulary
from zimu.training.devices import Devices
from zimu.training.losses import WordTimes
from zimu.training.recipes import TrainingRecipe
from zimu.training.stepper import to_steps

__all__ = ["Batch", "Batcher", "by_language", "empty_like", "pad_tokens", "word_times"]

# arrays(sample index, generator or None) -> {stream: Stream}; with a generator the arrays are augmented
Arrays = Callable[[int, np.random.Generator | None], dict[str, Stream]]


@dataclass(frozen=True)
class Batch:
    """One step's input.

    Attributes:
        indices: Of the samples.
        streams: {stream: Steps [B, T, ...]}.
        tokens: int64 [B * R, L], R captions a clip, from language token to `<end>`, padded with `PAD`.
        words: Word times, where the recipe wants them.
        presence: {stream or "memory": which words are true when}, where the recipe wants them.
    """

    indices: tuple[int, ...]
    streams: dict[str, Steps]
    tokens: Tensor
    words: WordTimes | None
    presence: Mapping[str, WordTimes] | None = None


def empty_like(stream: Stream) -> Stream:
    """Return a stream of the same kind without any step: the modality is absent."""
    return Stream(stream.values[:0], stream.keep[:0], stream.times[:0])


class Batcher:
    """Makes the batches of a run.

    Args:
        samples: Those to train on.
        arrays: Gives the streams of a sample.
        vocabulary: Encodes the references.
        recipe: Seed, batch size, references a step, absent streams.
        devices: Where the batches are wanted, and which part of each; None takes all to the CPU.

    Raises:
        ConfigError: A batch has fewer samples than there are processes.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        arrays: Arrays,
        vocabulary: Vocabulary,
        recipe: TrainingRecipe,
        devices: Devices | None = None,
    ) -> None:
        self.samples, self.arrays, self.vocabulary, self.recipe = samples, arrays, vocabulary, recipe
        self.device = torch.device("cpu") if devices is None else devices.device
        self._part = slice(None) if devices is None else slice(devices.number, None, devices.count)
        if devices is not None and recipe.batch_size < devices.count:
            raise ConfigError(
                f"A batch of {recipe.batch_size} cannot be shared by {devices.count} processes. "
                f"Set training.batch_size to {devices.count} or more."
            )
        self.references = [
            {
                k: [vocabulary.encode(text, k) for text in s.references.get(k, ())]
                for k in vocabulary.languages
            }
            for s in samples
        ]
        most = max(len(texts) for sample in self.references for texts in sample.values())
        self._rows = min(recipe.references or most, most)
        self._has_words = bool(recipe.alignment)

    def __len__(self) -> int:
        """Steps an epoch; the last few samples that fill no batch wait for the next epoch."""
        return max(1, len(self.samples) // self.recipe.batch_size)

    def order(self, epoch: int) -> npt.NDArray[np.int64]:
        """Return the samples' order in an epoch."""
        return np.random.default_rng([self.recipe.seed, epoch]).permutation(len(self.samples))

    def batch(self, epoch: int, step: int) -> Batch:
        """Return one batch of an epoch, of several processes this one's part."""
        size = self.recipe.batch_size
        indices = tuple(int(i) for i in self.order(epoch)[step * size : (step + 1) * size][self._part])
        streams: list[dict[str, Stream]] = []
        rows: list[list[int]] = []
        for index in indices:
            rng = np.random.default_rng([self.recipe.seed, epoch, index])
            streams.append(self._drop(self.arrays(index, rng), rng))
            for language in self.vocabulary.languages:
                rows += self._draw(self.references[index][language], rng)
        joined = {n: to_steps(pad_streams([s[n] for s in streams]), self.device) for n in streams[0]}
        samples = [self.samples[i] for i in indices]
        said = [s.extra.get("words", ()) for s in samples]
        words = word_times(said, self.vocabulary).to(self.device) if self._has_words else None
        presence = self._presence(samples, joined) if self.recipe.presence else None
        return Batch(indices, joined, pad_tokens(rows).to(self.device), words, presence)

    def _draw(self, texts: list[list[int]], rng: np.random.Generator) -> list[list[int]]:
        """Return as many references as every clip gives, the longest first.

        With too few some come twice, with none at all the rows are blank.
        """
        if not texts:
            return [[PAD]] * self._rows
        order = np.concatenate([rng.permutation(len(texts)) for _ in range(-(-self._rows // len(texts)))])
        return sorted((texts[i] for i in order[: self._rows]), key=len, reverse=True)

    def _drop(self, streams: dict[str, Stream], rng: np.random.Generator) -> dict[str, Stream]:
        """Take away streams as the recipe says, but never the last one."""
        left = {n for n, s in streams.items() if len(s.values)}
        for name, share in sorted(self.recipe.absent.items()):
            if rng.random() < share and left - {name}:
                left.discard(name)
        return {n: s if n in left else empty_like(s) for n, s in streams.items()}

    def _presence(self, samples: Sequence[Sample], names: Collection[str]) -> dict[str, WordTimes]:
        tables: list[Mapping[str, Any]] = [s.extra.get("presence") or {} for s in samples]
        return {
            n: word_times([t.get(n, ()) for t in tables], self.vocabulary).to(self.device)
            for n in (*names, "memory")
        }


def word_times(events: Sequence[Sequence[Mapping[str, Any]]], vocabulary: Vocabulary) -> WordTimes:
    """Return word times as tensors; a word counts by its first token in the language that has times.

    Args:
        events: {"word", "start", "end"} of each clip, in seconds.
        vocabulary: Gives the words their numbers.
    """
    longest = max(1, *(len(r) for r in events))
    ids = np.zeros((len(events), longest), np.int64)
    starts, ends = np.zeros((2, len(events), longest), np.float32)
    for row, words in enumerate(events):
        for column, word in enumerate(words):
            ids[row, column] = vocabulary.encode(str(word["word"]), "en")[1]
            starts[row, column], ends[row, column] = word["start"], word["end"]
    return WordTimes(torch.from_numpy(ids), torch.from_numpy(starts), torch.from_numpy(ends))


def pad_tokens(rows: Sequence[Sequence[int]]) -> Tensor:
    """Return rows of tokens as int64 [N, L], filled up with `PAD`, L at least 2."""
    tokens = np.full((len(rows), max(2, *(len(r) for r in rows))), PAD, np.int64)
    for i, row in enumerate(rows):
        tokens[i, : len(row)] = row
    return torch.from_numpy(tokens)


def by_language(samples: Sequence[Sample], languages: Sequence[str]) -> Mapping[str, list[str]]:
    """Return all references of each language, in the samples' order, for counting tokens."""
    return {k: [text for s in samples for text in s.references.get(k, ())] for k in languages}
