from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import save

from zimu.captions.sound_head import SoundHead, read_head
from zimu.captions.wording import COLUMNS, Wording, read_wording
from zimu.errors import BundleError

ROWS = [
    ("0", "Dog", "yes", "dog barking", "狗叫声", "0.2", "0", "", "dog", "yes"),
    ("1", "Rain", "yes", "rain falling", "雨声", "0.4", "0", "", "water", "yes"),
    ("2", "Piano", "yes", "piano playing", "钢琴声", "0.5", "0", "", "music", "yes"),
]


@pytest.fixture
def wording() -> Wording:
    return read_wording("\n".join(",".join(row) for row in [COLUMNS, *ROWS]).encode())


def head(**changes: object) -> SoundHead:
    """Knows dogs by the first feature and rain by the second; rain may be heard with dogs."""
    values: dict[str, object] = {
        "weights": np.eye(2, 3, dtype=np.float32),
        "bias": np.zeros(2, np.float32),
        "classes": np.array([0, 1]),
        "related": np.array([[True, True, False], [False, True, False]]),
        "heard": 0.5,
        "foreign": 0.5,
    }
    return SoundHead(**(values | changes))  # type: ignore[arg-type]


def rescored(wording: Wording, features: list[float], scores: list[float]) -> np.ndarray:
    return head().rescore(np.array([scores], np.float32), np.array([features], np.float32), wording)[0]


def test_a_kind_is_heard_where_the_head_is_sure_of_it(wording: Wording) -> None:
    assert rescored(wording, [0.25, 0, 0], [0.01, 0, 0])[0] == pytest.approx(0.2)  # just its threshold
    assert rescored(wording, [0.04, 0, 0], [0.01, 0, 0])[0] < 0.2
    assert rescored(wording, [0, 1, 0], [0.01, 0, 0])[1] == pytest.approx(0.8)


def test_only_the_likeliest_kind_is_heard_and_what_the_network_hears_stays(wording: Wording) -> None:
    out = rescored(wording, [1, 0.9, 0], [0.0, 0.1, 0.3])
    assert out[0] == pytest.approx(0.4) and out[1] == pytest.approx(0.1) and out[2] == pytest.approx(0.3)
    assert rescored(wording, [0.25, 0, 0], [0.9, 0, 0])[0] == pytest.approx(0.9)


def test_what_the_network_is_sure_of_and_does_not_go_with_the_kind_is_believed(wording: Wording) -> None:
    assert rescored(wording, [1, 0, 0], [0.0, 0.0, 0.6])[0] == 0.0  # a piano
    assert rescored(wording, [1, 0, 0], [0.0, 0.6, 0.0])[0] > 0.2  # rain goes with dogs
    assert rescored(wording, [0, 1, 0], [0.6, 0.0, 0.0])[1] == 0.0  # but dogs not with rain


def content(**changes: np.ndarray) -> bytes:
    arrays = {
        "weights": np.eye(2, 3, dtype=np.float16),
        "bias": np.zeros(2, np.float32),
        "classes": np.array([0, 1]),
        "related": np.ones((2, 3), np.uint8),
        "heard": np.array(0.5, np.float32),
        "foreign": np.array(0.5, np.float32),
    }
    return save(arrays | changes)


def test_a_head_is_read_from_its_file_and_a_wrong_one_refused(wording: Wording) -> None:
    assert read_head(content(), wording).heard == 0.5
    with pytest.raises(BundleError, match="is no safetensors file"):
        read_head(b"nonsense", wording)
    with pytest.raises(BundleError, match=r"does not fit wording\.csv, which has 3 rows"):
        read_head(content(classes=np.array([0, 7])), wording)
    with pytest.raises(BundleError, match="lacks the array 'weights'"):
        read_head(save({"bias": np.zeros(2, np.float32)}), wording)
