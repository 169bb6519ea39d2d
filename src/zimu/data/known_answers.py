"""Data whose answer is known: two streams whose bits tell a label together, apart, or both the same.

The bits are drawn and the label is a function of them, so what each stream says of it is computed exactly
from the table of probabilities, in bits: I(Y; A), I(Y; B), I(Y; A, B), and how the last falls into what both
say (redundancy), what one alone says (uniqueness) and what only both together say (synergy). A model sees
each bit as a direction in noise.

Source of the parts: Bertschinger et al. 2014 (arXiv:1311.2852), definition 1. The older measure of Williams &
Beer 2010 calls two different bits of equal size redundant, which is not what one wants to know here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from zimu.data.arrays import one_step
from zimu.errors import unknown_name
from zimu.tasks import PredictData, PredictParts

__all__ = ["CASES", "Case", "Information", "information", "make_known_answers"]

Array = npt.NDArray[np.float64]
Bits = tuple[int, ...]

_DESCENT, _SCALING = 400, 20


@dataclass(frozen=True)
class Case:
    """How a label comes from fair coins.

    Attributes:
        coins: How many are tossed.
        a: What stream a shows of them.
        b: What stream b shows of them.
        label: The class, from 0.
    """

    coins: int
    a: Callable[[Bits], Bits]
    b: Callable[[Bits], Bits]
    label: Callable[[Bits], int]


CASES: dict[str, Case] = {
    "copy": Case(1, lambda x: (x[0],), lambda x: (x[0],), lambda x: x[0]),
    "one_sided": Case(2, lambda x: (x[0],), lambda x: (x[1],), lambda x: x[0]),
    "two_sided": Case(2, lambda x: (x[0],), lambda x: (x[1],), lambda x: 2 * x[0] + x[1]),
    "xor": Case(2, lambda x: (x[0],), lambda x: (x[1],), lambda x: x[0] ^ x[1]),
    # One bit that both show, and one that only both together tell.
    "copy_and_xor": Case(
        3, lambda x: (x[0], x[1]), lambda x: (x[0], x[2]), lambda x: 2 * x[0] + (x[1] ^ x[2])
    ),
}


@dataclass(frozen=True)
class Information:
    """What the streams say of the label, in bits.

    Attributes:
        label: H(Y), all there is to say.
        a: I(Y; A).
        b: I(Y; B).
        both: I(Y; A, B) = redundancy + unique_a + unique_b + synergy.
        redundancy: What each of both says.
        unique_a: What only a says.
        unique_b: What only b says.
        synergy: What only both together say.
        best: The highest accuracy that any model can reach, 0 to 1.
    """

    label: float
    a: float
    b: float
    both: float
    redundancy: float
    unique_a: float
    unique_b: float
    synergy: float
    best: float


def _table(case: Case, flip: float) -> Array:
    """Return the exact probabilities [A, B, Y] of a case whose label is redrawn with probability `flip`."""
    tosses = list(product((0, 1), repeat=case.coins))
    a = {v: i for i, v in enumerate(sorted({case.a(x) for x in tosses}))}
    b = {v: i for i, v in enumerate(sorted({case.b(x) for x in tosses}))}
    classes = 1 + max(case.label(x) for x in tosses)
    out = np.zeros((len(a), len(b), classes))
    for x in tosses:
        out[a[case.a(x)], b[case.b(x)]] += flip / classes / len(tosses)
        out[a[case.a(x)], b[case.b(x)], case.label(x)] += (1 - flip) / len(tosses)
    return out


def _mutual(joint: Array) -> float:
    """Return I(S; Y) in bits of a table [S, Y]."""
    apart = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    real = joint > 1e-300
    return float((joint[real] * np.log2(joint[real] / apart[real])).sum())


def _least_together(table: Array) -> float:
    """Return the least I(A, B; Y) of all tables [A, B, Y] that agree with this one on (A, Y) and on (B, Y).

    It is what the streams say without any interplay. The problem is convex: mirror descent, each step put
    back on both margins by scaling (Sinkhorn & Knopp 1967).
    """
    of_a, of_b, label = table.sum(1), table.sum(0), table.sum((0, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        q = of_a[:, None] * of_b[None] / label
        for _ in range(_DESCENT):
            slope = np.nan_to_num(np.log(q / q.sum(2, keepdims=True) / label), neginf=0.0)
            q = q * np.exp(-0.5 * slope)
            for _ in range(_SCALING):
                q = q * np.nan_to_num(of_a / q.sum(1))[:, None]
                q = q * np.nan_to_num(of_b / q.sum(0))[None]
    return _mutual(q.reshape(-1, q.shape[2]))


def information(case: str, flip: float = 0.0) -> Information:
    """Return what the streams of a case say of its label, exactly.

    Args:
        case: A key of `CASES`.
        flip: Share of labels that are drawn anew.

    Raises:
        UnknownNameError: There is no such case.
    """
    if case not in CASES:
        raise unknown_name("case", case, CASES)
    table = _table(CASES[case], flip)
    label = table.sum((0, 1))
    a, b = _mutual(table.sum(1)), _mutual(table.sum(0))
    both, apart = _mutual(table.reshape(-1, table.shape[2])), _least_together(table)
    entropy = float(-(label * np.log2(label)).sum())
    return Information(
        label=entropy,
        a=a,
        b=b,
        both=both,
        redundancy=a + b - apart,
        unique_a=apart - b,
        unique_b=apart - a,
        synergy=both - apart,
        best=float(table.max(2).sum()),
    )


def make_known_answers(
    case: str,
    train: int = 600,
    val: int = 300,
    test: int = 1000,
    *,
    flip: float = 0.05,
    noise: float = 0.4,
    width: int = 8,
    seed: int = 0,
) -> PredictParts:
    """Return samples of a case.

    Args:
        case: A key of `CASES`.
        train: Samples to learn from.
        val: Samples to choose by.
        test: Samples to look at once.
        flip: Share of labels that are drawn anew.
        noise: Spread of the noise in each dimension; a bit moves a sample by 1 along its direction.
        width: Dimensions of a stream.
        seed: Of everything.

    Raises:
        UnknownNameError: There is no such case.
    """
    if case not in CASES:
        raise unknown_name("case", case, CASES)
    chosen, generator = CASES[case], np.random.default_rng(seed)
    count = train + val + test
    tosses = generator.integers(0, 2, (count, chosen.coins))
    rows = [tuple(int(v) for v in row) for row in tosses]
    labels = np.array([chosen.label(x) for x in rows], np.int64)
    classes = int(1 + labels.max())
    redrawn = generator.random(count) < flip
    labels[redrawn] = generator.integers(0, classes, int(redrawn.sum()))
    streams = {}
    for name, shown in (("a", chosen.a), ("b", chosen.b)):
        bits = 2.0 * np.array([shown(x) for x in rows]) - 1.0
        directions = np.linalg.qr(generator.normal(size=(width, bits.shape[1])))[0].T
        values = bits @ directions + noise * generator.normal(size=(count, width))
        streams[name] = one_step(values.astype(np.float32))
    data = PredictData(
        [str(i) for i in range(count)], streams, labels, classes=tuple(map(str, range(classes)))
    )
    order = np.arange(count)
    return PredictParts(*(data.take(p) for p in np.split(order, [train, train + val])))
