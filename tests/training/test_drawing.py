from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zimu.data.manifest import Manifest, read_manifest
from zimu.data.scenes import make_scenes
from zimu.errors import ConfigError
from zimu.features.spec import AudioSpec, VideoSpec
from zimu.training.drawing import draw_sample, is_drawn
from zimu.training.extraction import read_sample

VIDEO = VideoSpec(rate_hz=5.0, max_frames=25, width=48, height=48)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return read_manifest(make_scenes(3, tmp_path_factory.mktemp("scenes"), seed=3, jobs=1))


def test_a_drawn_scene_is_what_its_file_gives(made: Manifest) -> None:
    for sample in made:
        drawn, read = (f(sample, VIDEO, AudioSpec()) for f in (draw_sample, read_sample))
        assert not is_drawn(sample)
        assert drawn["video"].times == pytest.approx(read["video"].times)
        error = drawn["video"].values.astype(float) - read["video"].values
        assert 10 * np.log10(255**2 / np.mean(error**2)) > 28
        length = len(drawn["audio"].values)
        heard = read["audio"].values[:length, 0]
        assert np.corrcoef(drawn["audio"].values[:, 0].astype(float), heard)[0, 1] > 0.9


def test_a_scene_without_a_clip_is_drawn(made: Manifest, tmp_path: Path) -> None:
    sample = next(iter(read_manifest(make_scenes(1, tmp_path, seed=3, clips=(), jobs=1))))
    assert is_drawn(sample)
    wanted = draw_sample(next(iter(made)), VIDEO, None)
    np.testing.assert_array_equal(read_sample(sample, VIDEO, None)["video"].values, wanted["video"].values)


@pytest.mark.parametrize("change", [{"width": 40}, {"rate_hz": 3.0}, {"colour": "gray"}, {"max_frames": 8}])
def test_what_drawing_cannot_give_is_refused(made: Manifest, change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="write the clips of all parts"):
        draw_sample(next(iter(made)), VIDEO.model_copy(update=change), None)
