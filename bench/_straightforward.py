"""The peer that most repositories of captioning research are: a straightforward pipeline in PyTorch.

Every frame is decoded and made full-size RGB (by OpenCV where it is installed, else PyAV), one a second goes
through an eager ResNet-50 by itself, and beam search loops over clips, languages and hypotheses. Its decoder
has the sizes of the shipped one and random weights, its captions the usual number of words: what it would say
is not compared, only what it costs. Reading and converting frames counts as decoding.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

WORDS, BEAM, CLIP_S, LANGUAGES = 12, 5, 5, ("zh", "en")


def frames_of(path: Path) -> Iterator[np.ndarray]:
    """Yield every frame of a video as full-size RGB."""
    try:
        import cv2
    except ImportError:
        import av

        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                yield frame.to_ndarray(format="rgb24")
        return
    video = cv2.VideoCapture(str(path))
    while (read := video.read())[0]:
        yield cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB)


class Straightforward:
    """The pipeline; counts the processor seconds of its parts."""

    def __init__(self) -> None:
        import torch

        from zimu.model.decoder import AttentionDecoder
        from zimu.model.encoders.resnet import ResNet

        torch.manual_seed(0)
        torch.set_num_threads(1)
        self.encoder = ResNet(50).eval()
        self.project = torch.nn.Linear(2048, 384)
        self.decoder = AttentionDecoder(3604, 384, hidden=448, embedding=256, attention=160).eval()
        self.decoding_s = self.rest_s = 0.0

    def run(self, path: Path, fps: int) -> None:
        import torch

        begun = time.process_time()
        clips: list[list[torch.Tensor]] = []
        for number, picture in enumerate(frames_of(path)):
            if number % fps:
                continue
            self.decoding_s += time.process_time() - begun
            begun = time.process_time()
            if number % (CLIP_S * fps) == 0:
                clips.append([])
            clips[-1].append(self._encode(picture))
            self.rest_s += time.process_time() - begun
            begun = time.process_time()
        self.decoding_s += time.process_time() - begun
        begun = time.process_time()
        for regions in clips:
            for _ in LANGUAGES:
                self._search(torch.cat(regions, 1))
        self.rest_s += time.process_time() - begun

    def _encode(self, picture: np.ndarray):
        import torch

        with torch.no_grad():
            x = torch.from_numpy(picture).permute(2, 0, 1).float().div(255).unsqueeze(0)
            x = torch.nn.functional.interpolate(x, (224, 224), mode="bilinear", antialias=True)
            return self.project(self.encoder((x - 0.45) / 0.225))

    def _search(self, memory) -> None:
        import torch

        with torch.no_grad():
            keep = torch.ones(memory.shape[:2], dtype=torch.bool)
            shared, state = self.decoder.start(memory, keep)
            beam = [(0.0, [3], state)]
            for _ in range(WORDS + 1):
                grown = []
                for score, tokens, before in beam:
                    log_probs, after, _ = self.decoder.step(torch.tensor(tokens[-1:]), before, shared)
                    best, ids = log_probs[0].topk(BEAM)
                    grown += [
                        (score + float(p), [*tokens, int(i)], after) for p, i in zip(best, ids, strict=True)
                    ]
                beam = sorted(grown, key=lambda h: -h[0])[:BEAM]


def captions_a_second(captions: int = 4) -> float:
    """Return how many captions of one frame this pipeline's search writes in a processor second."""
    import torch

    peer = Straightforward()
    memories = torch.rand(captions, 1, 49, 384)
    peer._search(memories[0])
    begun = time.process_time()
    for memory in memories:
        peer._search(memory)
    return captions / (time.process_time() - begun)


def compare(path: Path, runs: int, fps: int = 30) -> None:
    """Print how much more the straightforward pipeline costs outside decoding."""
    try:
        peer = Straightforward()
    except ImportError:
        print("PyTorch is not installed, so the straightforward pipeline is not compared (make test has it)")
        return
    from zimu.captions.captioner import load

    ours, theirs = [], []
    for _ in range(runs):
        captioner = load("describe", threads=1)  # anew: it remembers what it has just seen
        begun = time.process_time()
        captions = list(captioner.iter_captions(path, languages=LANGUAGES))
        ours.append(time.process_time() - begun)  # the decoder is another process, and not counted
        peer.decoding_s = peer.rest_s = 0.0
        peer.run(path, fps)
        theirs.append(peer.rest_s)
    assert captions
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(
        f"outside decoding, 10 s of video: {mine:.2f} s of processor; a straightforward pipeline in PyTorch "
        f"{other:.2f} s, {other / mine:.1f} times as much (its decoding {peer.decoding_s:.2f} s)"
    )
