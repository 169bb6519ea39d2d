"""A comparison's recipe: which data, which encoders, one budget for all methods."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from zimu.errors import ConfigError
from zimu.training.predict_recipes import CaptionerRecipe, PredictRecipe
from zimu.training.recipe_files import read_values

__all__ = ["CompareRecipe", "load_compare_recipe"]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AbsentRecipe(_Frozen):
    """Streams taken away from samples of all three parts, as life does."""

    share: float = Field(default=0.0, ge=0, lt=1, description="of the samples' streams, at random, never all")
    seed: int = 0


class CompareRecipe(_Frozen):
    """One comparison.

    The table `predict` is that of every method, or `caption` where captions are written; `fusions` holds what
    single methods need beside their name.
    """

    name: str
    source: str = Field(description="a key of zimu.compare.sources.SOURCES")
    data: dict[str, Any] = Field(default={}, description="the source's own options")
    cases: dict[str, dict[str, Any]] = Field(
        default={}, description="variants of the data by name, each with options set over `data`"
    )
    absent: AbsentRecipe = AbsentRecipe()
    folds: int = Field(
        default=0,
        ge=0,
        description="into which training and validation samples together are cut; see zimu.compare.folds. "
        "0: the validation part of the source chooses",
    )
    predict: PredictRecipe | None = None
    caption: CaptionerRecipe | None = None
    fusions: dict[str, dict[str, Any]] = Field(default={}, description="options of single fusions, by name")
    noise: tuple[float, ...] = Field(
        default=(0.5, 1.0, 2.0),
        description="spreads of noise added to one stream of the test part, in its own",
    )
    extra: tuple[str, ...] = Field(default=(), description="further methods beside `--fusion`")

    @property
    def common(self) -> PredictRecipe | CaptionerRecipe:
        """What all methods share.

        Raises:
            ConfigError: There is not exactly one of the tables `predict` and `caption`.
        """
        found = self.predict or self.caption
        if found is None or (self.predict and self.caption):
            raise ConfigError(
                f"The comparison {self.name!r} needs one of the tables `[predict]` and `[caption]`, not both."
            )
        return found


def load_compare_recipe(path: str | Path, settings: Sequence[str] = ()) -> CompareRecipe:
    """Read a recipe.

    Args:
        path: A TOML file.
        settings: Values set over it, as "predict.training.epochs=5"; the right side is TOML.

    Raises:
        ConfigError: The file is missing or wrong; all errors together, an unknown key with the nearest right
            one.
    """
    path = Path(path)
    values = read_values(path, settings, example="predict.training.epochs=5")
    try:
        recipe = CompareRecipe.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_problem(e) for e in error.errors())
        raise ConfigError(f"The recipe {path} is wrong: {problems}") from error
    recipe.common  # noqa: B018 -- told here, not after the data have been read
    if recipe.folds == 1 or (recipe.folds and recipe.caption):
        raise ConfigError(
            f"The comparison {recipe.name!r} cannot be cut into folds = {recipe.folds}: it takes two or "
            "more, and captions none. Set folds = 5, or leave it out."
        )
    return recipe


_MODELS: dict[str, type[BaseModel]] = {
    "": CompareRecipe,
    "predict": PredictRecipe,
    "caption": CaptionerRecipe,
    "absent": AbsentRecipe,
}


def _problem(error: Mapping[str, Any]) -> str:
    """Return one error of pydantic's in a user's words."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] != "extra_forbidden":
        return f"`{where}`: {error['msg'][0].lower()}{error['msg'][1:]} (found {error['input']!r})"
    parent = str(error["loc"][0]) if len(error["loc"]) > 1 else ""
    known = list(_MODELS.get(parent, CompareRecipe).model_fields)
    near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
    return f"unknown key `{where}`" + (f" (did you mean `{near[0]}`?)" if near else "")
