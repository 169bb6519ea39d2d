"""The only training loop: explicit, and exact when it goes on after a kill.

Each step seeds torch's generator from (seed, epoch, step) and each batch its own, so the state of a run is
its weights, its optimiser and where it stands; nothing else can differ after a restart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from zimu.bundles.manifest import find_bundle
from zimu.data.manifest import Sample, read_manifest
from zimu.errors import ConfigError
from zimu.model.encoders.tail import Tail
from zimu.search.beam import SearchOptions
from zimu.text.vocabulary import Vocabulary
from zimu.training.ahead import Ahead
from zimu.training.batches import Batch, Batcher, by_language
from zimu.training.building import build_model
from zimu.training.checkpoint import Progress, RunFolder, WeightAverage, as_dict
from zimu.training.curves import draw_curves
from zimu.training.devices import Devices
from zimu.training.likelihood import likelihood
from zimu.training.losses import alignment_loss, caption_loss, presence_loss
from zimu.training.pretrained import load_pretrained
from zimu.training.recipes import Recipe
from zimu.training.self_critical import SelfCritical
from zimu.training.source import SampleSource
from zimu.training.stages import Stage, epochs_of, stage_at
from zimu.training.starting import extend_vocabulary, load_start
from zimu.training.stepper import TorchStepper
from zimu.training.validation import Validation, validate

__all__ = ["Event", "train"]


# Between the seeds of two processes: each draws its own dropout.
_PROCESS = 1 << 40

# Share of the training captions that may be longer than what the search writes: outliers.
_CUT = 0.02


@dataclass(frozen=True)
class Event:
    """What a run tells while it goes on.

    Attributes:
        kind: "reading" (media, before the first step), "step", "epoch" or "alarm".
        text: One line for a person.
        done: Share of all steps, or media, done, 0 to 1.
        left_s: Estimated seconds left.
    """

    kind: str
    text: str
    done: float
    left_s: float


def train(
    recipe: Recipe,
    out: Path,
    *,
    max_steps: int | None = None,
    jobs: int = 1,
    report: Callable[[Event], None] = lambda event: None,
) -> Path:
    """Train a model; a run that was stopped goes on where it was.

    Args:
        recipe: What to train.
        out: The run's folder.
        max_steps: Stop after so many steps of this call, with a checkpoint.
        jobs: Processes that read the media before the first step. With several a script must keep what it
            does under `if __name__ == "__main__":`, since they load it anew.
        report: Called with each event.

    Returns:
        The checkpoint with the best validation.
    """
    run = _Run(recipe, out, jobs, report)
    try:
        return run.go(max_steps)
    finally:
        run.ahead.close()


class _Run:
    def __init__(self, recipe: Recipe, out: Path, jobs: int, report: Callable[[Event], None]) -> None:
        self.recipe, self.devices = recipe, Devices()
        self.report = report if self.devices.is_first else lambda event: None
        manifest = read_manifest(recipe.data.manifest)
        samples = [s for s in manifest if s.split in recipe.data.train]
        self.val = [s for s in manifest if s.split == recipe.data.val]
        if not samples or not self.val:
            raise ConfigError(
                f"{manifest.path} has no samples of split {recipe.data.train} or {recipe.data.val!r}. "
                f"Found: {', '.join(manifest.splits)}. Set data.train and data.val."
            )
        self.val = self.val[: recipe.data.val_samples or None]
        with self.devices.first_alone():
            self.folder = RunFolder(out, recipe, manifest.digest)
        languages = sorted(recipe.data.splitters)
        self.vocabulary = _vocabulary(samples, languages, recipe)
        start = find_bundle(recipe.model.start) if recipe.model.start else None
        if start is not None:
            self.vocabulary = extend_vocabulary(self.vocabulary, start)
        with self.devices.first_alone():
            self.folder.write_vocabulary(self.vocabulary)
            features, told = out / "features", self._tell_reading
            source = SampleSource(recipe, samples, features, samples, jobs, told)
            self.val_arrays = SampleSource(recipe, self.val, features, jobs=jobs, progress=told).arrays
        self.batcher = Batcher(samples, source.arrays, self.vocabulary, recipe.training, self.devices)
        self.ahead = Ahead(self.batcher)
        torch.manual_seed(recipe.training.seed)
        self.model = build_model(recipe, len(self.vocabulary))
        load_pretrained(recipe, self.model)
        if start is not None:
            load_start(self.model, self.vocabulary, start)
        self.model.to(self.devices.device)
        self.average = WeightAverage(self.model, recipe.training.average)
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), recipe.training.learning_rate, weight_decay=recipe.training.weight_decay
        )
        self.options = SearchOptions(**recipe.search.model_dump())
        self.progress = Progress()
        self.critic: SelfCritical | None = None
        self._warn_of_cut_captions()
        self._resume()

    def go(self, max_steps: int | None) -> Path:
        epochs = epochs_of(self.recipe)
        total, begun, done = epochs * len(self.batcher), time.monotonic(), 0
        saved = begun
        while self.progress.epoch < epochs and not self._is_stale():
            shown: list[float] = []
            while self.progress.step < len(self.batcher):
                shown.append(self._step())
                done += 1
                self.progress.step += 1
                self._report_step(shown, total, begun, done)
                if done == max_steps:
                    self._save()
                    return self.folder.path / "best.pt"
                if time.monotonic() - saved > 60 * self.recipe.training.checkpoint_minutes:
                    self._save()
                    saved = time.monotonic()
            self._end_epoch(sum(shown) / max(1, len(shown)))
        return self.folder.path / "best.pt"

    def _tell_reading(self, done: int, total: int) -> None:
        if total:
            self.report(Event("reading", f"reading media {done} of {total}", done / total, 0.0))

    def _warn_of_cut_captions(self) -> None:
        """Tell when the search ends sentences that the model is taught to go on with."""
        most = self.recipe.search.max_length
        for language in self.vocabulary.languages:
            # Without the language token and `<end>`, as the search counts.
            lengths = [len(row) - 2 for clip in self.batcher.references for row in clip[language]]
            share = sum(n > most for n in lengths) / len(lengths)
            if share > _CUT:
                text = (
                    f"search.max_length ends captions at {most} tokens; {share:.0%} of the training captions "
                    f"in {language!r} are longer, the longest has {max(lengths)}."
                )
                self.report(Event("alarm", text, 0.0, 0.0))

    def _step(self) -> float:
        training, progress, stage = self.recipe.training, self.progress, self._stage()
        position = progress.epoch * len(self.batcher) + progress.step
        torch.manual_seed(training.seed * 1_000_003 + position + _PROCESS * self.devices.number)
        self.model.train()
        self._free_tail(stage.name != "teacher")
        rate = stage.rate(self.recipe, progress.epoch, progress.step, len(self.batcher))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        batch = self.ahead.batch(progress.epoch, progress.step)
        make = self._critical_loss if stage.name == "critical" else self._teacher_loss
        loss, shown = make(batch)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's stub lacks it
        self.devices.average_gradients(self.model.parameters())
        nn.utils.clip_grad_norm_(self.model.parameters(), training.clip)
        self.optimiser.step()
        self.average.update(self.model)
        return shown

    def _teacher_loss(self, batch: Batch) -> tuple[torch.Tensor, float]:
        """Return the loss of a batch, twice: as what is made small and as what is shown."""
        training = self.recipe.training
        sampling = training.scheduled_sampling * self.progress.epoch / max(1, training.epochs - 1)
        logits, at, heads = self.model(batch.streams, batch.tokens, sampling)
        loss = caption_loss(logits, batch.tokens[:, 1:].flatten()[at], training.label_smoothing)
        present = {n: s.keep.any(1) for n, s in batch.streams.items()}
        if batch.words is not None:
            loss = loss + training.alignment * alignment_loss(heads, present, batch.words)
        if batch.presence is not None:
            loss = loss + training.presence * presence_loss(heads, present, batch.presence)
        return loss, float(loss.detach())

    def _critical_loss(self, batch: Batch) -> tuple[torch.Tensor, float]:
        """Return the policy loss of a batch and the mean reward of its samples."""
        if self.critic is None:
            self.critic = SelfCritical(
                self.batcher.references,
                self.vocabulary,
                self.recipe.self_critical,
                self.recipe.search.max_length,
            )
        return self.critic.loss(self.model, batch)

    def _end_epoch(self, shown: float) -> None:
        progress, training = self.progress, self.recipe.training
        row: dict[str, float] = {"epoch": progress.epoch + 1, self._shown(): shown}
        stage = self._stage()
        done = progress.epoch + 1
        if done % training.validate_every == 0 or done == stage.first + stage.epochs:
            result = self.devices.ask_first(self._validate)
            row |= {k: round(v, 5) for k, v in result.scores.items()}
            self._keep_best(result)
        progress.history.append(row)
        progress.epoch, progress.step = progress.epoch + 1, 0
        if self._stage().first == progress.epoch < epochs_of(self.recipe):
            self._start_stage()
        self._save()
        if self.devices.is_first:
            self.folder.write_history(progress)
            draw_curves(progress.history, self.folder.path / "curves.png")
        text = ", ".join(f"{k} {v:.3f}" for k, v in row.items() if k != "epoch")
        self.report(Event("epoch", f"epoch {int(row['epoch'])}: {text}", 0.0, 0.0))

    def _validate(self) -> Validation:
        own = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.model.load_state_dict(self.average.weights)
        self.model.eval()
        shown = self.val, self.val_arrays, self.vocabulary
        result = validate(TorchStepper(self.model), *shown, self.options)
        result = replace(result, scores={**result.scores, **likelihood(self.model, *shown)})
        self.model.load_state_dict(own)
        if result.has_collapsed():
            self.report(
                Event("alarm", "The captions collapse: few distinct ones, or one for many clips.", 0.0, 0.0)
            )
        return result

    def _keep_best(self, result: Validation) -> None:
        progress = self.progress
        value = result.objective(self.recipe.training.metric)
        if value > progress.best:
            progress.best, progress.best_epoch, progress.stale = value, progress.epoch, 0
            if self.devices.is_first:
                self.folder.save("best.pt", weights=self.average.weights, scores=dict(result.scores))
        else:
            progress.stale += 1

    def _stage(self) -> Stage:
        return stage_at(self.recipe, self.progress.epoch)

    def _free_tail(self, free: bool) -> None:
        """Let the tails of pretrained encoders learn, or not; see `zimu.model.encoders.tail`."""
        for module in self.model.encoders.modules():
            if isinstance(module, Tail):
                module.requires_grad_(free)

    def _start_stage(self) -> None:
        """Go on from the best weights of the stages before, with a fresh optimiser."""
        self.devices.wait()
        best = self.folder.load("best.pt")
        if best is not None:
            self.model.load_state_dict(best["weights"])
            self.average = WeightAverage(self.model, self.recipe.training.average)
        self.optimiser.state.clear()
        self.progress.stale = 0

    def _shown(self) -> str:
        """Return what the number of a step is: the policy loss says nothing, the reward does."""
        return "reward" if self._stage().name == "critical" else "loss"

    def _is_stale(self) -> bool:
        return 0 < self.recipe.training.patience <= self.progress.stale

    def _save(self) -> None:
        if not self.devices.is_first:
            return
        self.folder.save(
            "last.pt",
            weights=self.model.state_dict(),
            average=self.average.weights,
            average_steps=self.average.steps,
            optimiser=self.optimiser.state_dict(),
            progress=as_dict(self.progress),
        )

    def _resume(self) -> None:
        kept = self.folder.load("last.pt")
        if kept is None:
            return
        self.model.load_state_dict(kept["weights"])
        self.average.load(kept["average"], kept["average_steps"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.progress = Progress(**kept["progress"])

    def _report_step(self, shown: list[float], total: int, begun: float, done: int) -> None:
        position = self.progress.epoch * len(self.batcher) + self.progress.step
        left = (time.monotonic() - begun) / done * (total - position)
        recent = shown[-50:]
        text = f"epoch {self.progress.epoch + 1} step {self.progress.step}/{len(self.batcher)}"
        mean = sum(recent) / len(recent)
        self.report(Event("step", f"{text} {self._shown()} {mean:.4f}", position / total, left))


def _vocabulary(samples: list[Sample], languages: list[str], recipe: Recipe) -> Vocabulary:
    """Count each language's tokens with its own threshold."""
    texts = by_language(samples, languages)
    if empty := [k for k, found in texts.items() if not found]:
        raise ConfigError(
            f"{recipe.data.manifest} has no references in {', '.join(empty)}. "
            "Add them, or take the language out of data.splitters."
        )
    data = recipe.data
    return Vocabulary.build(texts, data.splitters, data.min_count, data.subwords)
