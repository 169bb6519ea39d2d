"""The caption decoder over samples in memory: what a comparison trains once for every way of fusing.

`zimu.training.loop` reads media, augments and goes on after a kill; here the streams are arrays (encoded
once, by frozen encoders, say), a run takes a minute, and the same seed gives the same model. Model, loss and
search are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from zimu.errors import ConfigError
from zimu.model.captioner import CaptionModel
from zimu.model.decoder import AttentionDecoder, DecoderState
from zimu.model.fusion import FUSIONS, build_fusion
from zimu.model.steps import Steps
from zimu.search.beam import SearchOptions, search
from zimu.search.stepper import Stepper
from zimu.streams import StreamBatch
from zimu.tasks import PredictData, SpokenWords
from zimu.tasks.decision import DECISIONS, Answers
from zimu.text.vocabulary import PAD
from zimu.training.checkpoint import WeightAverage
from zimu.training.losses import WordTimes, alignment_loss, caption_loss, looking_loss
from zimu.training.mixed_stepper import MixedStepper
from zimu.training.predict_batches import MemoryBatches, lose_streams
from zimu.training.predict_building import encoders_of, set_standardisation
from zimu.training.predict_recipes import CaptionerRecipe
from zimu.training.stepper import TorchStepper

__all__ = ["Captioner", "MixedCaptioner", "train_captioner"]

TokenArray = npt.NDArray[np.int64]

# Clips searched at once.
_SEARCHED = 50


@dataclass
class Captioner:
    """A trained model that writes captions.

    Attributes:
        recipe: What it was made by.
        model: In evaluation mode.
        shapes: {stream: shape of one step's values}.
        losses: Mean training loss of each epoch.
    """

    recipe: CaptionerRecipe
    model: CaptionModel
    shapes: Mapping[str, tuple[int, ...]]
    losses: tuple[float, ...] = field(default=(), repr=False)

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams it takes, sorted."""
        return tuple(sorted(self.shapes))

    def batches(self, data: PredictData, only: frozenset[str] | None = None) -> MemoryBatches:
        """Return the samples as the model takes them; see `predict`."""
        return MemoryBatches(data, self.shapes, only)

    def predict(self, data: PredictData, only: frozenset[str] | None = None) -> TokenArray:
        """Return captions int64 [N, K, L], a row a language, filled up with `PAD`.

        Args:
            data: Samples; targets [N, K, R, L] begin with the token of their language.
            only: The streams that are shown to it; the others count as absent. None: all.
        """
        stepper = TorchStepper(self.model, best=self.model.decoder.out.out_features)
        return _write(stepper, self.batches(data, only), data, self.recipe)

    def forward(self, data: PredictData) -> Tensor:
        """Return logits of the next tokens of all samples in one batch: a training step's pass."""
        rows, streams, _ = next(self.batches(data).in_order(len(data)))
        logits: Tensor = self.model(streams, _first_references(data.targets[rows.numpy()]))[0]
        return logits

    def likelihoods(self, data: PredictData) -> tuple[npt.NDArray[np.float64], TokenArray]:
        """Return what it gives to each next token of the right captions, [M, V], and the right one [M]."""
        found, right = [], []
        self.model.eval()
        with torch.no_grad():
            for rows, streams, _ in self.batches(data).in_order(_SEARCHED):
                tokens = _first_references(data.targets[rows.numpy()])
                logits, at, _ = self.model(streams, tokens)
                found.append(logits.double().softmax(1).numpy())
                right.append(tokens[:, 1:].flatten()[at].numpy())
        return np.concatenate(found), np.concatenate(right)


class MixedCaptioner:
    """Captioners of one stream each, joined at every token by a rule of `zimu.tasks.decision`.

    Args:
        singles: {stream: its own captioner}, of one vocabulary.
        decision: Name of the rule.
        val: What the rule is fitted on: each token of the captions is a sample.
    """

    def __init__(self, singles: Mapping[str, Captioner], decision: str, val: PredictData) -> None:
        self.singles = dict(sorted(singles.items()))
        known = {n: s.likelihoods(val) for n, s in self.singles.items()}
        right = next(iter(known.values()))[1]
        self._rule = DECISIONS[decision].fit({n: p for n, (p, _) in known.items()}, right)
        self.recipe = next(iter(self.singles.values())).recipe

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams it takes, sorted."""
        return tuple(self.singles)

    @property
    def model(self) -> nn.Module:
        """The models of all streams."""
        return nn.ModuleList([s.model for s in self.singles.values()])

    def forward(self, data: PredictData) -> list[Tensor]:
        """Return what each model's `forward` does."""
        return [s.forward(data) for s in self.singles.values()]

    def predict(self, data: PredictData, only: frozenset[str] | None = None) -> TokenArray:
        """Return captions; models whose stream is not shown have no say. See `Captioner.predict`."""
        names = [n for n in self.singles if only is None or n in only] or list(self.singles)
        models = [self.singles[n] for n in names]
        tokens = models[0].model.decoder.out.out_features

        def rule(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
            given: Answers = dict(zip(names, shares, strict=True))
            return np.asarray(self._rule(given), np.float64)

        steppers = [TorchStepper(m.model, best=tokens) for m in models]
        shapes = {n: s.shapes[n] for n, s in self.singles.items()}
        batches = MemoryBatches(data, shapes, only)
        return _write(MixedStepper(steppers, tokens, rule=rule), batches, data, self.recipe)


def train_captioner(
    recipe: CaptionerRecipe,
    train: PredictData,
    *,
    seed: int = 0,
    report: Callable[[int, float], None] = lambda epoch, loss: None,
) -> Captioner:
    """Train a captioner for all its epochs; what is kept is the running mean of its weights.

    Args:
        recipe: What to make.
        train: Samples; targets int64 [N, K, R, L], R captions in each of K languages from language token to
            `<end>`, filled up with `PAD`; one a language is drawn at each step. `classes` are all tokens.
            `words` are needed where the recipe has a loss on their times.
        seed: Of weights, order, dropout, drawn captions and absent streams.
        report: Called after each epoch with its number, from 1, and mean loss.

    Raises:
        ConfigError: Data and recipe do not fit.
        UnknownNameError: The recipe names what does not exist.
    """
    if (recipe.alignment or recipe.looking) and train.words is None:
        raise ConfigError(
            "`caption.alignment` and `caption.looking` need samples with word times, and these have none. "
            "Set both to 0, or add `words` to the manifest."
        )
    shapes = {n: tuple(train.streams[n].values.shape[2:]) for n in recipe.encoders if n in train.streams}
    threads = torch.get_num_threads()
    torch.set_num_threads(recipe.training.threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = _build(recipe, shapes, len(train.classes))
            set_standardisation(model, train.streams)
            captioner = Captioner(recipe, model, shapes)
            captioner.losses = _fit(captioner, train, seed, report)
    finally:
        torch.set_num_threads(threads)
    return captioner


def _build(recipe: CaptionerRecipe, shapes: Mapping[str, tuple[int, ...]], tokens: int) -> CaptionModel:
    encoders = encoders_of(recipe, shapes)
    fusion = build_fusion(recipe.fusion.name, list(encoders), recipe.width, **recipe.fusion.options)
    apart = len(encoders) if FUSIONS[recipe.fusion.name].memory == "in_turn" else 1
    decoder = AttentionDecoder(tokens, recipe.width, **recipe.decoder.model_dump(), streams=apart)
    return CaptionModel(encoders, fusion, decoder, recipe.width, tokens if recipe.alignment else 0)


def _fit(
    captioner: Captioner, train: PredictData, seed: int, report: Callable[[int, float], None]
) -> tuple[float, ...]:
    settings, model = captioner.recipe.training, captioner.model
    batches, generator = captioner.batches(train), torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(
        model.parameters(), settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    average = WeightAverage(model, captioner.recipe.average)
    steps, done, history = -(-len(train) // settings.batch_size), 0, []
    model.train()
    for epoch in range(settings.epochs):
        losses = []
        for rows, streams, _ in batches.shuffled(settings.batch_size, generator):
            for group in optimiser.param_groups:
                group["lr"] = settings.rate_at(done, settings.epochs * steps)
            shown = lose_streams(streams, settings.absent, generator)
            tokens = _drawn_references(train.targets[rows.numpy()], generator)
            loss = _loss(captioner.recipe, model, shown, tokens, train.words, rows.numpy())
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch's own
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip, foreach=True)
            optimiser.step()
            average.update(model)
            losses.append(loss.detach())
            done += 1
        history.append(float(torch.stack(losses).mean()))
        report(epoch + 1, history[-1])
    model.load_state_dict(average.weights)
    # Only training asks where the words are.
    model.present = nn.ModuleDict()
    model.eval()
    return tuple(history)


def _loss(
    recipe: CaptionerRecipe,
    model: CaptionModel,
    shown: Mapping[str, Steps],
    tokens: Tensor,
    said: SpokenWords | None,
    rows: TokenArray,
) -> Tensor:
    if said is not None and (recipe.alignment or recipe.looking):
        words = WordTimes(*map(torch.from_numpy, said.take(rows)))
        return _timed_loss(recipe, model, shown, tokens, words)
    logits, at, _ = model(shown, tokens)
    return caption_loss(logits, tokens[:, 1:].flatten()[at], recipe.training.label_smoothing)


def _timed_loss(
    recipe: CaptionerRecipe, model: CaptionModel, shown: Mapping[str, Steps], tokens: Tensor, words: WordTimes
) -> Tensor:
    """Return the loss of captions whose words have times: what comes next, what is said when, where to look.

    As `CaptionModel.forward`, which keeps no attention weights.
    """
    encoded = model.encode_streams(shown)
    memory: Steps = model.fusion(encoded)
    shared, state = model.decoder.start(memory.values, memory.keep)
    each = len(tokens) // len(memory.values)
    state = DecoderState(*(s.repeat_interleave(each, 0) for s in (state.hidden, state.cell)))
    features, looks = [], []
    for position in range(tokens.shape[1] - 1):
        told, state, weights = model.decoder.advance(tokens[:, position], state, shared)
        features.append(told)
        looks.append(weights)
    following, logits = tokens[:, 1:], model.decoder.logits(torch.stack(features, 1))
    real = following != PAD
    loss = caption_loss(logits[real], following[real], recipe.training.label_smoothing)
    if recipe.looking:
        loss = loss + recipe.looking * looking_loss(torch.stack(looks, 1), memory, following, words)
    if recipe.alignment:
        steps = {**encoded, "memory": memory}
        heads = {n: (head(steps[n].values), steps[n]) for n, head in model.present.items()}
        present = {n: s.keep.any(1) for n, s in shown.items()}
        loss = loss + recipe.alignment * alignment_loss(heads, present, words)
    return loss


def _first_references(targets: TokenArray) -> Tensor:
    """Return tokens [B * K, L], the first caption of each language."""
    return torch.from_numpy(np.ascontiguousarray(targets[:, :, 0])).flatten(0, 1)


def _drawn_references(targets: TokenArray, generator: torch.Generator) -> Tensor:
    """Return tokens [B * K, L], a drawn caption of each language."""
    there = (targets[..., 0] != PAD).sum(2)
    drawn = torch.rand(there.shape, generator=generator).numpy()
    chosen = np.minimum((drawn * there).astype(np.int64), np.maximum(there - 1, 0))
    tokens = np.take_along_axis(targets, chosen[:, :, None, None], 2)[:, :, 0]
    length = int((tokens != PAD).sum(2).max())
    return torch.from_numpy(np.ascontiguousarray(tokens[:, :, :length])).flatten(0, 1)


def _write(
    stepper: Stepper, batches: MemoryBatches, data: PredictData, recipe: CaptionerRecipe
) -> TokenArray:
    options = SearchOptions(**recipe.search.model_dump())
    starts = data.targets[:, :, 0, 0].max(0).tolist()
    out = np.full((len(data), len(starts), options.max_length), PAD, np.int64)
    for rows, streams, _ in batches.in_order(_SEARCHED):
        batch = {n: StreamBatch(*(t.numpy() for t in s)) for n, s in streams.items()}
        for language, start in enumerate(starts):
            for row, found in zip(rows.tolist(), search(stepper, batch, start, options), strict=True):
                out[row, language, : len(found[0].tokens)] = found[0].tokens
    return out
