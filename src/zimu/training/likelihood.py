"""How likely a model finds references that it was not trained on: the steadiest choice of an epoch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from zimu.data.manifest import Sample
from zimu.model.captioner import CaptionModel
from zimu.streams import pad_streams
from zimu.text.vocabulary import PAD, Vocabulary
from zimu.training.batches import Arrays, pad_tokens
from zimu.training.stepper import to_steps

__all__ = ["likelihood"]


@torch.no_grad()
def likelihood(
    model: CaptionModel,
    samples: Sequence[Sample],
    arrays: Arrays,
    vocabulary: Vocabulary,
    batch_size: int = 25,
) -> dict[str, float]:
    """Return {"nll_en": value, ...}: the mean negative log-likelihood of a reference's token, in nats.

    Searched captions of a handful of clips score by luck: one word decides over a clip. Each token of each
    reference says something here. A token is one of the model's own, so models with unlike vocabularies
    cannot be compared by it.

    Args:
        model: In evaluation mode.
        samples: Those with references in a language count for it.
        arrays: Gives the streams of a sample.
        vocabulary: The model's.
        batch_size: Samples read at once.
    """
    device = next(model.parameters()).device
    total, count = dict.fromkeys(vocabulary.languages, 0.0), dict.fromkeys(vocabulary.languages, 0)
    for first in range(0, len(samples), batch_size):
        part = range(first, min(first + batch_size, len(samples)))
        clips = [arrays(i, None) for i in part]
        streams = {n: to_steps(pad_streams([c[n] for c in clips]), device) for n in clips[0]}
        for language in vocabulary.languages:
            texts = [samples[i].references.get(language, ()) for i in part]
            if not (most := max(len(t) for t in texts)):
                continue
            rows = [sorted((vocabulary.encode(t, language) for t in each), key=len)[::-1] for each in texts]
            tokens = pad_tokens([row for each in rows for row in (*each, *[[PAD]] * (most - len(each)))])
            logits, at, _ = model(streams, tokens.to(device))
            targets = tokens[:, 1:].flatten()[at.cpu()].to(device)
            total[language] += float(F.cross_entropy(logits, targets, reduction="sum"))
            count[language] += len(targets)
    return {f"nll_{k}": total[k] / n for k, n in count.items() if n}
