"""Recipes: a TOML file that fixes a training run, read into frozen models with every error at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from zimu.errors import ConfigError
from zimu.features.spec import YAMNET_SPEC, AudioSpec, VideoSpec
from zimu.model.fusion import FUSIONS, Family
from zimu.training.recipe_files import read_values

__all__ = ["Recipe", "load_recipe"]

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataRecipe(_Frozen):
    """Which samples, in which languages, split into which tokens."""

    manifest: str = Field(description="path, relative to the folder where the command runs")
    train: tuple[str, ...] = Field(default=("train",), description="splits that are trained on")
    val: str = Field(default="val", description="split by which everything is chosen")
    splitters: dict[str, str] = Field(default={"en": "words", "zh": "characters"})
    min_count: dict[str, int] = Field(
        default={}, description="rarer words or characters become unknown, a language"
    )
    subwords: Count = Field(
        default=2000, description="pieces of a language split into `subwords`, its characters among them"
    )
    endings: dict[str, str] = Field(
        default={}, description="what closes a caption, a language; tokens hold no punctuation"
    )
    val_samples: int = Field(default=0, ge=0, description="samples searched at each validation; 0: all")


class RegionsRecipe(_Frozen):
    """Regions of a pretrained frame encoder, frozen but for its last blocks; see
    `zimu.model.encoders.regions`.
    """

    name: Literal["regions"]
    backbone: Literal["efficientnet_lite0", "resnet18", "resnet34", "resnet50", "resnet101"]
    weights: str = Field(
        description="file of the backbone's published weights, or their name (resnet50; train --download), "
        "or a bundle's frame encoder (bundle:describe)"
    )
    views: Count = Field(default=1, description="stored variants: plain, mirrored, two crops")
    tuned: int = Field(
        default=0, ge=0, description="last blocks that `[tuning]` trains; what goes into them is stored"
    )
    part: float = Field(
        default=1.0, gt=0, le=1, description="smallest part of each side of a picture that training shows"
    )
    mirror: bool = Field(default=False, description="half of the training pictures are mirrored")
    light: Share = Field(default=0.0, description="largest change of brightness and contrast in training")
    dropout: Share = 0.1

    @property
    def changes_pictures(self) -> bool:
        """Whether training draws another view of a picture each time; then every block is tuned."""
        return self.part < 1 or self.mirror or self.light > 0


class FramesRecipe(_Frozen):
    """A small ResNet trained with the rest; see `zimu.model.encoders.frames`."""

    name: Literal["frames"]
    depth: Literal[18, 34, 50, 101] = 18
    planes: Count = 16
    stem: Literal["large", "medium", "small"] = "small"
    neighbours: int = Field(default=0, ge=0)
    context: int = Field(default=0, ge=0)
    dropout: Share = 0.2
    shift: int = Field(default=0, ge=0, description="training pictures are moved by up to this many pixels")
    mirror: bool = Field(default=False, description="half of the training clips are mirrored")


class StridedRecipe(_Frozen):
    """A few strided convolutions trained with the rest; see `zimu.model.encoders.strided`."""

    name: Literal["strided"]
    planes: tuple[Count, ...] = (16, 32, 64, 64, 128)
    strides: tuple[Count, ...] = (2, 2, 2, 1, 2)
    context: int = Field(default=0, ge=0)
    dropout: Share = 0.1
    shift: int = Field(default=0, ge=0, description="training pictures are moved by up to this many pixels")
    mirror: bool = Field(default=False, description="half of the training clips are mirrored")


class WaveNetRecipe(_Frozen):
    """Gated dilated causal convolutions; see `zimu.model.encoders.wavenet`."""

    name: Literal["wavenet"]
    channels: Count = 128
    strides: tuple[int, ...] = (2, 2)
    layers: Count = 5
    stacks: Count = 2
    kernel: Count = 2
    context: int = Field(default=0, ge=0)
    dropout: Share = 0.1


class YamNetRecipe(_Frozen):
    """YAMNet pretrained on AudioSet, frozen but for its last layers; see `zimu.model.encoders.patches`."""

    name: Literal["yamnet"]
    weights: str = Field(description="file of the published weights, or a bundle's (bundle:sounds)")
    tuned: int = Field(default=0, ge=0, description="last layers, of 14, that `[tuning]` trains")
    context: int = Field(default=0, ge=0)
    dropout: Share = 0.1


EncoderRecipe = Annotated[
    RegionsRecipe | FramesRecipe | StridedRecipe | WaveNetRecipe | YamNetRecipe, Field(discriminator="name")
]


class FusionOptions(_Frozen):
    """A fusion and its options, which `FUSION_RECIPES` knows by its name."""

    name: str

    def options(self) -> dict[str, Any]:
        """Return what `build_fusion` takes besides names and width."""
        return self.model_dump(exclude={"name"})


def _fusion_recipe(name: str, family: Family) -> type[FusionOptions]:
    fields: dict[str, Any] = {"name": (Literal[name], name), **family.options()}
    return create_model(f"{name}_fusion", __base__=FusionOptions, **fields)


class EarlyRecipe(FusionOptions):
    """One encoder over all raw streams; see `zimu.model.fusion.early`. The other encoders are not built."""

    name: Literal["early"] = "early"
    onto: str = Field(default="", description="whose encoder reads all; video if there, else the first")
    rate_hz: float = Field(default=25.0, gt=0)
    window: Count = 16


FUSION_RECIPES: dict[str, type[FusionOptions]] = {
    "early": EarlyRecipe,
    **{name: _fusion_recipe(name, family) for name, family in FUSIONS.items()},
}

if TYPE_CHECKING:
    FusionRecipe: TypeAlias = FusionOptions
else:
    FusionRecipe = Annotated[reduce(or_, FUSION_RECIPES.values()), Field(discriminator="name")]


class DecoderRecipe(_Frozen):
    """See `zimu.model.decoder`."""

    cell: Literal["lstm", "gru"] = "lstm"
    hidden: Count = 512
    embedding: Count = 256
    attention: Count = 256
    dropout: Share = 0.5
    tied: bool = True


class ModelRecipe(_Frozen):
    """Sizes of the model."""

    start: str = Field(default="", description="bundle whose weights and words the model begins with")
    width: Count = 512
    encoders: dict[str, EncoderRecipe]
    fusion: FusionRecipe = FUSION_RECIPES["concat_time"](name="concat_time")
    decoder: DecoderRecipe = DecoderRecipe()


class NoiseRecipe(_Frozen):
    """Noise mixed into the sound of training clips."""

    share: Share = Field(default=0.0, description="of clips that get noise")
    kinds: tuple[Literal["white", "babble"], ...] = ("white", "babble")
    low_db: float = Field(default=-5.0, description="signal-to-noise ratio, drawn evenly from here")
    high_db: float = Field(default=20.0, description="to here")


class AugmentRecipe(_Frozen):
    """How training clips are changed; see `zimu.training.augment`."""

    speed: float = Field(default=0.0, ge=0, le=0.5, description="up to this share faster or slower")
    gain_db: float = Field(default=0.0, ge=0, description="sound up to this much louder or softer")
    holes: int = Field(default=0, ge=0, description="in the log-mel steps, so many across and along")
    hole_bands: int = Field(default=8, ge=0, description="widest hole, in mel bands")
    hole_steps: int = Field(default=5, ge=0, description="longest hole, in steps of the sound")


class TrainingRecipe(_Frozen):
    """How the model is trained."""

    seed: int = 0
    epochs: Count = 20
    batch_size: Count = 32
    references: int = Field(default=0, ge=0, description="references a language and clip a step; 0: all")
    learning_rate: float = Field(default=1e-3, gt=0)
    warmup_steps: int = Field(default=200, ge=0)
    final_rate: Share = Field(default=0.02, description="share of the learning rate left after cosine decay")
    weight_decay: float = Field(default=1e-4, ge=0)
    clip: float = Field(default=5.0, gt=0, description="largest gradient norm")
    label_smoothing: Share = 0.1
    scheduled_sampling: Share = Field(default=0.0, description="reached evenly at the last epoch")
    average: float = Field(default=0.0, ge=0, lt=1, description="decay of the running mean of the weights")
    absent: dict[str, float] = Field(default={}, description="share of clips that lose a stream in training")
    alignment: float = Field(default=0.0, ge=0, description="weight of the loss on word times")
    presence: float = Field(
        default=0.0, ge=0, description="weight of the loss on which words are true at each moment"
    )
    trim: Share = Field(
        default=0.0,
        description="share of the clips cut down in training to what is said, with random margins",
    )
    noise: NoiseRecipe = NoiseRecipe()
    augment: AugmentRecipe = AugmentRecipe()
    metric: Literal["cider_d", "bleu_4", "rouge_l", "wer", "nll"] = Field(
        default="cider_d",
        description="chooses the best epoch, mean over the languages; `nll`, how likely the references are, "
        "suits a handful of validation clips",
    )
    validate_every: Count = Field(default=1, description="epochs")
    patience: int = Field(default=0, ge=0, description="validations without gain before stopping; 0: never")
    checkpoint_minutes: float = Field(default=5.0, gt=0)


class TuningRecipe(_Frozen):
    """The stage in which the last blocks of the frame encoder learn too; see `zimu.model.encoders.tail`."""

    epochs: int = Field(default=0, ge=0)
    learning_rate: float = Field(default=2e-4, gt=0)
    warmup_steps: int = Field(default=100, ge=0)


class SelfCriticalRecipe(_Frozen):
    """The last stage: the reward of sampled captions is raised; see `zimu.training.self_critical`."""

    epochs: int = Field(default=0, ge=0)
    samples: int = Field(
        default=5,
        ge=2,
        description="sampled captions a clip and language; the others' mean is each one's baseline",
    )
    temperature: float = Field(default=0.5, gt=0, description="sharpens what is sampled from; 1: as it is")
    others: float = Field(
        default=0.0, ge=0, description="weight of the score against other clips' references, taken off"
    )
    learning_rate: float = Field(default=2e-4, gt=0)
    warmup_steps: int = Field(default=20, ge=0, description="then the rate falls evenly to nothing")


class SearchRecipe(_Frozen):
    """How captions are searched; see `zimu.search.beam`."""

    beam_size: Count = 3
    length_penalty: float = 0.7
    max_length: Count = 24
    min_length: int = Field(default=1, ge=0)
    block_ngrams: int = Field(default=0, ge=0)


class WindowRecipe(_Frozen):
    """How a long video is cut into clips of the kind the model was trained on."""

    seconds: float = Field(default=4.0, gt=0, description="length of a fixed window, or longest shot")
    shots: bool = Field(default=True, description="cut where the picture changes")


class Recipe(_Frozen):
    """One training run."""

    name: str
    task: Literal["caption"] = "caption"
    kind: Literal["scene", "speech", "sound"] = Field(default="scene", description="of the captions")
    data: DataRecipe
    video: VideoSpec | None = None
    audio: AudioSpec | None = None
    model: ModelRecipe
    training: TrainingRecipe = TrainingRecipe()
    tuning: TuningRecipe = TuningRecipe()
    self_critical: SelfCriticalRecipe = SelfCriticalRecipe()
    search: SearchRecipe = SearchRecipe()
    window: WindowRecipe = WindowRecipe()


def load_recipe(path: str | Path, settings: Sequence[str] = ()) -> Recipe:
    """Read a recipe.

    Args:
        path: A TOML file.
        settings: Values set over it, as "model.decoder.hidden=512"; the right side is TOML.

    Raises:
        ConfigError: The file is missing or wrong; all errors together, an unknown key with the nearest right
            one.
    """
    path = Path(path)
    values = read_values(path, settings, example="model.decoder.hidden=512")
    try:
        recipe = Recipe.model_validate(values)
    except ValidationError as error:
        problems = [_problem(values, e) for e in error.errors()]
        raise ConfigError(f"The recipe {path} is wrong: " + "; ".join(problems)) from error
    _check(recipe, path)
    return recipe


def _problem(values: Mapping[str, Any], error: Mapping[str, Any]) -> str:
    """Return one error of pydantic's in a user's words."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] != "extra_forbidden":
        return f"`{where}`: {error['msg'][0].lower()}{error['msg'][1:]} (found {error['input']!r})"
    model: Any = Recipe
    names = list(Recipe.model_fields)
    for part in error["loc"][:-1]:
        field = getattr(model, "model_fields", {}).get(part)
        if field is not None:
            model = field.annotation
        elif part in _BY_NAME:
            model = _BY_NAME[part]
        names = list(getattr(model, "model_fields", {})) or names
    near = difflib.get_close_matches(str(error["loc"][-1]), names, n=1)
    return f"unknown key `{where}`" + (f" (did you mean `{near[0]}`?)" if near else "")


_BY_NAME: dict[Any, type[BaseModel]] = {
    "regions": RegionsRecipe,
    "frames": FramesRecipe,
    "strided": StridedRecipe,
    "wavenet": WaveNetRecipe,
    "yamnet": YamNetRecipe,
    **FUSION_RECIPES,
}


def _check(recipe: Recipe, path: Path) -> None:
    problems = [*_splitter_problems(recipe.data.splitters)]
    problems += [p for stream in recipe.model.encoders for p in _stream_problems(recipe, stream)]
    if unknown := set(recipe.training.absent) - set(recipe.model.encoders):
        problems.append(f"`training.absent` names {sorted(unknown)}, which the model does not have")
    if recipe.tuning.epochs and not any(getattr(e, "tuned", 0) for e in recipe.model.encoders.values()):
        problems.append("`tuning.epochs` needs `tuned` of an encoder, the blocks that learn")
    if recipe.self_critical.epochs and recipe.training.metric == "nll":
        # That stage makes references less likely by design: none of its epochs would ever be chosen.
        problems.append("`training.metric`: after `self_critical` choose by a score of captions, not `nll`")
    if problems:
        raise ConfigError(f"The recipe {path} is wrong: " + "; ".join(problems))


def _splitter_problems(splitters: Mapping[str, str]) -> Iterator[str]:
    for language, splitter in splitters.items():
        known = ("characters", "jieba") if language == "zh" else ("words", "subwords")
        if splitter not in known:
            yield f"`data.splitters.{language}`: {splitter!r} does not cut it, {' and '.join(known)} do"


_READ = {"video": ("regions", "frames", "strided"), "audio": ("wavenet", "yamnet")}


def _stream_problems(recipe: Recipe, stream: str) -> Iterator[str]:
    """Yield what is wrong with the encoder of a stream."""
    where, encoder = f"`model.encoders.{stream}", recipe.model.encoders[stream]
    if stream not in _READ:
        yield f"{where}`: a stream is `video` or `audio`"
        return
    if encoder.name not in _READ[stream]:
        yield f"{where}.name`: {encoder.name!r} does not read {stream}, {' and '.join(_READ[stream])} do"
    if getattr(recipe, stream) is None:
        yield f"{where}` needs the table `[{stream}]`"
    elif stream == "audio":
        yield from _sound_problems(recipe, encoder.name)
    if not isinstance(recipe.model.fusion, EarlyRecipe):
        return
    if isinstance(encoder, RegionsRecipe) and encoder.tuned:
        yield f"{where}.tuned` does not go with the fusion `early`: it reads regions"
    if isinstance(encoder, YamNetRecipe):
        yield f"{where}`: `yamnet` does not go with the fusion `early`: it takes nothing but its own patches"


def _sound_problems(recipe: Recipe, encoder: str) -> Iterator[str]:
    spec = recipe.audio
    assert spec is not None  # the caller has looked
    if encoder == "yamnet" and spec.model_copy(update={"patch_hop": YAMNET_SPEC.patch_hop}) != YAMNET_SPEC:
        yield '`[audio]`: `yamnet` knows sound as it learned it: kind = "patches" and, at most, a `patch_hop`'
    if encoder == "wavenet" and spec.kind == "patches":
        yield "`audio.kind`: `wavenet` takes log_mel or waveform, `patches` are for `yamnet`"
    if recipe.training.augment.holes and spec.kind != "log_mel":
        yield "`training.augment.holes` are holes in log_mel; `audio.kind` is another"
