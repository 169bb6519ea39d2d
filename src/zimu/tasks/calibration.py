"""How far stated probabilities are from what happens."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["expected_calibration_error"]


def expected_calibration_error(
    probabilities: npt.NDArray[np.floating[Any]], targets: npt.NDArray[Any], bins: int = 15
) -> float:
    """Return the mean gap between stated and true probability, 0 to 1, over bins of equal width.

    Args:
        probabilities: [N, K].
        targets: int64 [N]: the stated one is that of the likeliest class. Or 0/1 [N, K] for several classes
            at once: each class of each sample counts.
        bins: Number of bins.

    Source: Guo et al. 2017 (arXiv:1706.04599), section 2.
    """
    if targets.ndim == 1:
        stated, right = probabilities.max(1), probabilities.argmax(1) == targets
    else:
        stated, right = probabilities.ravel(), targets.astype(bool).ravel()
    place = np.minimum((stated * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(place, stated - right, bins)
    return float(np.abs(gaps).sum() / max(1, len(stated)))
