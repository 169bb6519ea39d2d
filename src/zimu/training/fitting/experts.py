"""What scikit-learn does best, one modality at a time: linear models and boosted trees, as ONNX graphs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zimu.errors import MissingExtraError
from zimu.tasks.temperature import log_softmax

__all__ = ["Expert", "Learned", "fit_linear", "fit_trees", "loss_of"]

Array = npt.NDArray[np.float64]

# Strengths of the penalty that are tried, weak last; validation chooses.
_PENALTIES = (0.001, 0.01, 0.1, 1.0, 10.0)
_TREES = 150
_RATE = 0.08
_OPSET = 18
_ML_OPSET = 3


@dataclass(frozen=True)
class Learned:
    """Rows to learn from and rows to choose by.

    Attributes:
        train: float32 [N, D], or a SciPy sparse matrix.
        val: The same of the validation part.
        y: Targets of the training part: int64 [N], 0/1 [N, K], or standardised float64 [N].
        y_val: Targets of the validation part.
        task: "classify", "regress" or "label".
        outputs: K.
    """

    train: Any
    val: Any
    y: npt.NDArray[Any]
    y_val: npt.NDArray[Any]
    task: str
    outputs: int


@dataclass(frozen=True)
class Expert:
    """A model of one modality.

    Attributes:
        scores: A summary [B, D], dense or sparse, to logits or standardised numbers [B, K].
        write: Writes the graph `summary` [B, D] -> `scores` [B, K].
        again: Learns with the same settings from other rows: those of training and validation together.
        note: What was chosen, for the report.
    """

    scores: Callable[[Any], Array]
    write: Callable[[Path], None]
    again: Callable[[Any, npt.NDArray[Any]], Expert]
    note: str


def loss_of(scores: Array, y: npt.NDArray[Any], task: str) -> float:
    """Return what validation makes small: the log loss, or the squared error."""
    if task == "regress":
        return float(np.mean((scores[:, 0] - y) ** 2))
    if task == "label":
        return float(np.logaddexp(0.0, np.where(y > 0, -scores, scores)).mean())
    return float(-log_softmax(scores)[np.arange(len(y)), y].mean())


def fit_linear(data: Learned) -> Expert:
    """Return a penalised linear model: logistic regression, one for each label, or ridge regression.

    Raises:
        MissingExtraError: Without scikit-learn.
    """
    tried = [_linear(data, strength) for strength in _PENALTIES]
    losses = [loss_of(expert.scores(data.val), data.y_val, data.task) for expert in tried]
    return tried[int(np.argmin(losses))]


def _linear(data: Learned, strength: float) -> Expert:
    mean, spread = _moments(data.train)
    weights, bias = _solve(_scaled(data.train, mean, spread), data, strength)
    weights = weights / spread[:, None]
    bias = bias - mean @ weights

    def scores(summary: Any) -> Array:
        return np.asarray(summary @ weights + bias, np.float64)

    def again(summary: Any, y: npt.NDArray[Any]) -> Expert:
        return _linear(replace(data, train=summary, y=y), strength)

    return Expert(scores, lambda path: _write_linear(weights, bias, path), again, f"penalty 1/{strength:g}")


def _moments(summary: Any) -> tuple[Array, Array]:
    if not isinstance(summary, np.ndarray):
        # Weighted words have a scale already, and taking off a mean would fill the matrix.
        return np.zeros(summary.shape[1]), np.ones(summary.shape[1])
    spread = summary.std(axis=0, dtype=np.float64)
    return summary.mean(axis=0, dtype=np.float64), np.where(spread > 1e-6, spread, 1.0)


def _scaled(summary: Any, mean: Array, spread: Array) -> Any:
    return (summary - mean) / spread if isinstance(summary, np.ndarray) else summary


def _solve(train: Any, data: Learned, strength: float) -> tuple[Array, Array]:
    try:
        from sklearn.linear_model import LogisticRegression, Ridge
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "train") from error
    if data.task == "regress":
        ridge = Ridge(alpha=1 / strength).fit(train, data.y)
        return ridge.coef_.reshape(-1, 1).astype(np.float64), np.atleast_1d(ridge.intercept_)
    columns = data.y.T if data.task == "label" else [data.y]
    weights, bias = np.zeros((train.shape[1], data.outputs)), np.zeros(data.outputs)
    for number, y in enumerate(columns):
        if len(np.unique(y)) < 2:
            bias[number] = 10.0 if y[0] else -10.0
            continue
        with warnings.catch_warnings():
            # It says that it could go on; validation chooses among what it found.
            warnings.simplefilter("ignore")
            fitted = LogisticRegression(C=strength, max_iter=300).fit(train, y)
        _place(fitted, number, data, weights, bias)
    return weights, bias


def _place(fitted: Any, number: int, data: Learned, weights: Array, bias: Array) -> None:
    """Write a logistic regression's rows where their classes stand; unseen classes stay improbable."""
    if data.task == "label":
        weights[:, number], bias[number] = fitted.coef_[0], fitted.intercept_[0]
        return
    classes = fitted.classes_
    bias[:] = -10.0 if len(classes) < data.outputs else 0.0
    if len(classes) == 2:
        weights[:, classes[1]], bias[classes] = fitted.coef_[0], (0.0, fitted.intercept_[0])
    else:
        weights[:, classes], bias[classes] = fitted.coef_.T, fitted.intercept_


def fit_trees(data: Learned) -> Expert:
    """Return boosted trees, as many as validation likes best.

    Raises:
        MissingExtraError: Without scikit-learn.
    """
    return _trees(data, ())


def _trees(data: Learned, rounds: Sequence[int]) -> Expert:
    """Return boosted trees, of so many rounds for each label; without `rounds` validation chooses."""
    columns = data.y.T if data.task == "label" else [data.y]
    parts = [
        _boost(_booster(data, rounds[number] if rounds else _TREES), y, data, None if rounds else number)
        for number, y in enumerate(columns)
    ]
    forest = _Forest.of(parts, data)

    def scores(summary: Any) -> Array:
        return forest.scores(np.asarray(summary, np.float32))

    def again(summary: Any, y: npt.NDArray[Any]) -> Expert:
        return _trees(replace(data, train=summary, y=y), [max(1, p.rounds) for p in parts])

    return Expert(scores, forest.write, again, " and ".join(f"{p.rounds} rounds" for p in parts[:3]))


def _booster(data: Learned, rounds: int) -> Any:
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "train") from error
    rows = len(data.y)
    make = HistGradientBoostingRegressor if data.task == "regress" else HistGradientBoostingClassifier
    return make(
        learning_rate=_RATE,
        max_iter=rounds,
        max_leaf_nodes=8 if rows < 1000 else 31,
        min_samples_leaf=max(5, min(20, rows // 30)),
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    )


@dataclass(frozen=True)
class _Boosted:
    """Trees by round and class, and what they start from."""

    trees: Sequence[Sequence[Any]]
    start: npt.NDArray[np.float64]
    rounds: int
    classes: Sequence[int]


def _boost(model: Any, y: npt.NDArray[Any], data: Learned, number: int | None) -> _Boosted:
    """Return fitted trees; with a `number`, of as many rounds as validation likes."""
    if data.task != "regress" and len(np.unique(y)) < 2:
        return _Boosted([], np.array([10.0 if y[0] else -10.0]), 0, [1])
    model.fit(data.train, y)
    classes = [0] if data.task == "regress" else [int(c) for c in model.classes_]
    rounds = len(model._predictors)
    if number is not None:
        y_val = data.y_val[:, number] if data.task == "label" else data.y_val
        rounds = _best_rounds(model, data, classes, y_val)
    start = np.ravel(model._baseline_prediction).astype(np.float64)
    return _Boosted(model._predictors[:rounds], start, rounds, classes)


def _best_rounds(model: Any, data: Learned, classes: Sequence[int], y: npt.NDArray[Any]) -> int:
    if data.task == "regress":
        losses = [float(np.mean((p - y) ** 2)) for p in model.staged_predict(data.val)]
    else:
        losses = [_staged_loss(p, classes, y) for p in model.staged_predict_proba(data.val)]
    return int(np.argmin(losses)) + 1


def _staged_loss(probabilities: Array, classes: Sequence[int], y: npt.NDArray[Any]) -> float:
    place = {c: i for i, c in enumerate(classes)}
    chances = [probabilities[row, place[int(c)]] if int(c) in place else 1e-6 for row, c in enumerate(y)]
    return float(-np.log(np.maximum(chances, 1e-12)).mean())


@dataclass(frozen=True)
class _Forest:
    """Trees as flat arrays; a leaf points at itself.

    Attributes:
        roots: int64 [trees], where each begins.
        outputs: int64 [trees], what each adds to.
        feature: int64 [nodes].
        threshold: float32 [nodes]; at most it goes left.
        left: int64 [nodes].
        right: int64 [nodes].
        value: float32 [nodes], of leaves.
        base: float64 [K].
    """

    roots: npt.NDArray[np.int64]
    outputs: npt.NDArray[np.int64]
    feature: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.float32]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    value: npt.NDArray[np.float32]
    base: Array

    @classmethod
    def of(cls, parts: Sequence[_Boosted], data: Learned) -> _Forest:
        base = np.full(data.outputs, -10.0 if data.task == "classify" else 0.0)
        trees: list[tuple[int, Any]] = []
        for number, part in enumerate(parts):
            # Two classes share one row of trees, which speaks for the second.
            several = len(part.start) > 1
            targets = (
                [number] if data.task == "label" else list(part.classes) if several else [part.classes[-1]]
            )
            if data.task == "classify":
                base[list(part.classes)] = 0.0
            base[targets] = part.start
            trees += [(t, tree) for turn in part.trees for t, tree in zip(targets, turn, strict=True)]
        return cls(**_flat(trees), base=base)

    def scores(self, summary: npt.NDArray[np.float32]) -> Array:
        """Return [B, K]."""
        out = np.tile(self.base, (len(summary), 1))
        rows = np.arange(len(summary))
        for root, output in zip(self.roots, self.outputs, strict=True):
            at = np.full(len(summary), root)
            while True:
                goes_left = summary[rows, self.feature[at]] <= self.threshold[at]
                after = np.where(goes_left, self.left[at], self.right[at])
                if (after == at).all():
                    break
                at = after
            out[:, output] += self.value[at]
        return out

    def write(self, path: Path) -> None:
        """Write the graph."""
        import onnx
        from onnx import TensorProto, helper

        leaf = self.left == np.arange(len(self.left))
        tree = np.searchsorted(self.roots, np.arange(len(leaf)), side="right") - 1
        node = np.arange(len(leaf)) - self.roots[tree] if len(leaf) else np.zeros(0, np.int64)
        at = np.flatnonzero(leaf)
        made = helper.make_node(
            "TreeEnsembleRegressor",
            ["summary"],
            ["scores"],
            domain="ai.onnx.ml",
            n_targets=len(self.base),
            base_values=self.base.tolist(),
            nodes_treeids=tree.tolist(),
            nodes_nodeids=node.tolist(),
            nodes_featureids=self.feature.tolist(),
            nodes_values=self.threshold.tolist(),
            nodes_modes=["LEAF" if x else "BRANCH_LEQ" for x in leaf],
            nodes_truenodeids=np.where(leaf, 0, node[self.left]).tolist(),
            nodes_falsenodeids=np.where(leaf, 0, node[self.right]).tolist(),
            target_treeids=tree[at].tolist(),
            target_nodeids=node[at].tolist(),
            target_ids=self.outputs[tree[at]].tolist(),
            target_weights=self.value[at].tolist(),
        )
        width = int(self.feature.max()) + 1 if len(self.feature) else 1
        summary = helper.make_tensor_value_info("summary", TensorProto.FLOAT, ["rows", None])
        scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["rows", len(self.base)])
        graph = helper.make_graph([made], f"trees_{width}", [summary], [scores])
        _save(onnx, helper, graph, path)


def _flat(trees: Sequence[tuple[int, Any]]) -> dict[str, npt.NDArray[Any]]:
    """Return the fields of `_Forest` but `base`."""
    roots: list[int] = []
    feature, threshold, left, right, value = [], [], [], [], []
    first = 0
    for _, tree in trees:
        nodes = tree.nodes
        here = first + np.arange(len(nodes))
        leaf = nodes["is_leaf"].astype(bool)
        roots.append(first)
        feature.append(np.where(leaf, 0, nodes["feature_idx"]))
        threshold.append(np.where(leaf, 0, _below(nodes["num_threshold"])))
        left.append(np.where(leaf, here, first + nodes["left"].astype(np.int64)))
        right.append(np.where(leaf, here, first + nodes["right"].astype(np.int64)))
        value.append(nodes["value"])
        first += len(nodes)

    def joined(parts: list[Any], kind: Any) -> npt.NDArray[Any]:
        return np.concatenate(parts).astype(kind) if parts else np.zeros(0, kind)

    return {
        "roots": np.array(roots, np.int64),
        "outputs": np.array([output for output, _ in trees], np.int64),
        "feature": joined(feature, np.int64),
        "threshold": joined(threshold, np.float32),
        "left": joined(left, np.int64),
        "right": joined(right, np.int64),
        "value": joined(value, np.float32),
    }


def _below(thresholds: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Return float32 that are not above the thresholds, so that float32 inputs fall on the same side."""
    with np.errstate(over="ignore"):
        narrow = thresholds.astype(np.float32)
    down = np.nextafter(narrow, np.float32(-np.inf))
    return np.where(narrow.astype(np.float64) > thresholds, down, narrow).astype(np.float32)


def _write_linear(weights: Array, bias: Array, path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    parts = [
        numpy_helper.from_array(weights.astype(np.float32), "weights"),
        numpy_helper.from_array(bias.astype(np.float32), "bias"),
    ]
    node = helper.make_node("Gemm", ["summary", "weights", "bias"], ["scores"])
    summary = helper.make_tensor_value_info("summary", TensorProto.FLOAT, ["rows", weights.shape[0]])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["rows", weights.shape[1]])
    _save(onnx, helper, helper.make_graph([node], "linear", [summary], [scores], parts), path)


def _save(onnx: Any, helper: Any, graph: Any, path: Path) -> None:
    opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("ai.onnx.ml", _ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9, producer_name="zimu")
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
