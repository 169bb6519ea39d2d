"""MOSI by the published procedure, bc-LSTM: `python -m bench.mosi_published FOLDER [SEEDS [standard]]`.

Poria et al. 2017, "Context-Dependent Sentiment Analysis in User-Generated Videos", as its authors' program
has it: a two-way LSTM over the utterances of a video for each modality, the 100 activations after it kept,
then a second one over the three together. Input dropout 0.6 and 0.4, dropout 0.9, Adadelta, ten videos at
once, at most 200 epochs, stopped after ten without a lower validation loss. Width 100 in the place of 300, a
seventh of the time. Features as they are; "standard" standardises them, takes Adam and keeps the best epoch.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import rnn

from zimu.data.mosi import read_mosi
from zimu.tasks import PredictData

STREAMS = ("text", "audio", "video")
WIDTH, KEPT, FUSED = 100, 100, 500
VIDEOS, EPOCHS, PATIENCE = 10, 200, 10


@dataclass
class Part:
    """Utterances by video: inputs [V, U, C] by stream, mask [V, U], labels [V, U]."""

    inputs: dict[str, Tensor]
    mask: Tensor
    labels: Tensor


def by_video(data: PredictData) -> Part:
    groups = np.asarray(data.groups)
    videos = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    shape = (len(videos), max(map(len, videos)))
    part = Part({}, torch.zeros(shape), torch.zeros(shape, dtype=torch.long))
    flat = {n: np.asarray(data.streams[n].values, np.float32)[:, 0] for n in STREAMS}
    part.inputs = {n: torch.zeros(*shape, v.shape[1]) for n, v in flat.items()}
    for i, rows in enumerate(videos):
        part.mask[i, : len(rows)] = 1
        part.labels[i, : len(rows)] = torch.from_numpy(data.targets[rows])
        for n, values in flat.items():
            part.inputs[n][i, : len(rows)] = torch.from_numpy(values[rows])
    return part


def standardise(parts: dict[str, Part]) -> None:
    for name in STREAMS:
        seen = parts["train"].inputs[name][parts["train"].mask > 0]
        mean, scale = seen.mean(0), seen.std(0) + 1e-6
        for part in parts.values():
            values = ((part.inputs[name] - mean) / scale).clamp(-6, 6)
            part.inputs[name] = values * part.mask[..., None]


class ContextNet(nn.Module):
    """[V, U, C] to logits [V, U, 2] and the activations before them."""

    def __init__(self, inputs: int, kept: int, lost: float) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, WIDTH, batch_first=True, bidirectional=True)
        for name, weights in self.lstm.named_parameters():
            if "weight_ih" in name:
                nn.init.xavier_uniform_(weights)
            elif "weight_hh" in name:
                for gate in weights.data.chunk(4):
                    nn.init.orthogonal_(gate)
            else:
                weights.data.zero_()
            if "bias_ih" in name:
                weights.data[WIDTH : 2 * WIDTH] = 1
        self.inner, self.out = nn.Linear(2 * WIDTH, kept), nn.Linear(kept, 2)
        self.activation, self.lost, self.dropout = F.tanh if kept == KEPT else F.relu, lost, nn.Dropout(0.9)
        for layer in (self.inner, self.out):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, values: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        if self.training:
            # One mask for all utterances of a video.
            keep = torch.rand(len(values), 1, values.shape[2]) > self.lost
            values = values * keep / (1 - self.lost)
        packed = rnn.pack_padded_sequence(values, mask.sum(1).long(), batch_first=True, enforce_sorted=False)
        steps, _ = rnn.pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, total_length=values.shape[1]
        )
        kept = self.activation(self.inner(self.dropout(steps)))
        return self.out(self.dropout(kept)), kept


def loss(net: ContextNet, values: Tensor, part: Part, rows: Tensor | slice) -> Tensor:
    mask, labels = part.mask[rows], part.labels[rows]
    return F.cross_entropy(net(values[rows], mask)[0][mask > 0], labels[mask > 0])


def fit(net: ContextNet, values: dict[str, Tensor], parts: dict[str, Part], standard: bool) -> None:
    optimiser = (
        torch.optim.Adam(net.parameters(), 1e-3)
        if standard
        else torch.optim.Adadelta(net.parameters(), lr=1.0, rho=0.95, eps=1e-8)
    )
    lowest, waited, best = math.inf, 0, net.state_dict()
    for _ in range(EPOCHS):
        net.train()
        for rows in torch.randperm(len(values["train"])).split(VIDEOS):
            optimiser.zero_grad()
            loss(net, values["train"], parts["train"], rows).backward()
            optimiser.step()
        net.eval()
        with torch.no_grad():
            now = float(loss(net, values["val"], parts["val"], slice(None)))
        waited += 1
        if now < lowest:
            lowest, waited, best = now, 0, {n: t.clone() for n, t in net.state_dict().items()}
        if waited >= PATIENCE:
            break
    if standard:
        net.load_state_dict(best)


def scores(net: ContextNet, values: dict[str, Tensor], parts: dict[str, Part]) -> list[float]:
    """Return per cent right on validation and test."""
    found = []
    for name in ("val", "test"):
        seen = parts[name].mask > 0
        with torch.no_grad():
            said = net(values[name], parts[name].mask)[0].argmax(-1)
        found.append(100 * float((said == parts[name].labels)[seen].float().mean()))
    return found


def one_seed(parts: dict[str, Part], seed: int, standard: bool) -> dict[str, list[float]]:
    torch.manual_seed(seed)
    found: dict[str, list[float]] = {}
    kept: dict[str, list[Tensor]] = {k: [] for k in parts}
    for name in STREAMS:
        values = {k: p.inputs[name] for k, p in parts.items()}
        net = ContextNet(values["train"].shape[2], KEPT, 0.6)
        fit(net, values, parts, standard)
        found[name] = scores(net, values, parts)
        for k, part in parts.items():
            with torch.no_grad():
                kept[k].append(net(values[k], part.mask)[1] * part.mask[..., None])
    values = {k: torch.cat(v, -1) for k, v in kept.items()}
    net = ContextNet(len(STREAMS) * KEPT, FUSED, 0.4)
    fit(net, values, parts, standard)
    found["all"] = scores(net, values, parts)
    return found


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "data/mosi")
    if not (folder / "mosi.npz").is_file():
        print(f"There is no mosi.npz in {folder}: nothing measured.")
        return 0
    seeds, standard = int(sys.argv[2]) if len(sys.argv) > 2 else 1, "standard" in sys.argv[3:]
    torch.set_num_threads(1)
    read = read_mosi(folder)
    parts = {"train": by_video(read.train), "val": by_video(read.val), "test": by_video(read.test)}
    if standard:
        standardise(parts)
    runs = []
    for seed in range(seeds):
        runs.append(one_seed(parts, seed, standard))
        told = ", ".join(f"{n} {v:.1f} {t:.1f}" for n, (v, t) in runs[-1].items())
        print(f"seed {seed}, validation and test %: {told}", flush=True)
    for name in runs[0]:
        val, test = np.mean([r[name] for r in runs], 0)
        print(f"{name:>6} {val:6.1f} {test:6.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
