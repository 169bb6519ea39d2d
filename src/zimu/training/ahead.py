"""The next batch is made while the step before it is under way."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from zimu.training.batches import Batch, Batcher

__all__ = ["Ahead"]


class Ahead:
    """Gives the batches of a `Batcher`, which depend on nothing but their place, without waiting for them.

    Args:
        batcher: Makes them, in a thread of its own.
    """

    def __init__(self, batcher: Batcher) -> None:
        self.batcher = batcher
        self._thread = ThreadPoolExecutor(1, "batches")
        self._coming: dict[tuple[int, int], Future[Batch]] = {}

    def batch(self, epoch: int, step: int) -> Batch:
        """Return a batch and begin with the one after it."""
        coming, self._coming = self._coming, {}
        batch = (coming.get((epoch, step)) or self._begin(epoch, step)).result()
        ends = step + 1 == len(self.batcher)
        following = (epoch + 1, 0) if ends else (epoch, step + 1)
        self._coming[following] = self._begin(*following)
        return batch

    def close(self) -> None:
        """Wait for the thread to end; what nobody has asked for is dropped."""
        self._thread.shutdown(cancel_futures=True)
        self._coming.clear()

    def _begin(self, epoch: int, step: int) -> Future[Batch]:
        return self._thread.submit(self.batcher.batch, epoch, step)
