"""The recipe for a user's own videos: a folder in, nothing to be written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from zimu.data.manifest import Manifest, read_manifest, write_manifest
from zimu.data.readers.subtitles import read_folder, share_out
from zimu.errors import ConfigError
from zimu.training.recipes import Recipe, load_recipe

__all__ = ["own_recipe"]

_RECIPE = Path(__file__).with_name("own.toml")
_SHARE = 0.1  # of the files, for validation and again for testing


def own_recipe(
    what: Path, settings: Sequence[str] = (), tell: Callable[[str], None] = lambda line: None
) -> Recipe:
    """Return the recipe `own.toml` for a folder or a manifest, in the languages that it has.

    Args:
        what: A folder of videos with subtitle or text files beside them; its manifest is made if it has none.
            Or a manifest.
        settings: Values set over the recipe; see `load_recipe`.
        tell: Is told in a line what was found.

    Raises:
        ConfigError: There is nothing to train on, or nothing to measure by.
    """
    manifest = read_manifest(_manifest_of(what) if what.is_dir() else what)
    splitters = _splitters(manifest)
    tell(f"{manifest.path}: {len(manifest)} samples in {', '.join(splitters)}")
    own = [
        f"name={_text(_name(manifest.path))}",
        f"data.manifest={_text(str(manifest.path))}",
        f"data.splitters={{ {', '.join(f'{k} = {_text(v)}' for k, v in splitters.items())} }}",
    ]
    return load_recipe(_RECIPE, [*own, *settings])


def _manifest_of(folder: Path) -> Path:
    """Return the manifest in a folder, after making it where there is none."""
    path = folder / "manifest.jsonl"
    if not path.is_file():
        samples = list(share_out(read_folder(folder), _SHARE, _SHARE))
        if not any(s.split == "val" for s in samples):
            raise ConfigError(
                f"{folder} has too few videos with texts beside them: at least three are needed, one to "
                "choose by and one to measure by. Put them there, named alike: talk.mp4, talk.srt."
            )
        write_manifest(samples, path)
    return path


def _splitters(manifest: Manifest) -> dict[str, str]:
    """Return the recipe's splitters of the languages that the training part has."""
    known = load_recipe(_RECIPE).data.splitters
    found = {k for s in manifest if s.split == "train" for k in s.references if s.references[k]}
    if kept := {k: v for k, v in known.items() if k in found}:
        return kept
    raise ConfigError(
        f"{manifest.path} has no references in {' or '.join(known)} in its split 'train'. See `zimu doctor`."
    )


def _name(manifest: Path) -> str:
    return manifest.resolve().parent.name if manifest.stem == "manifest" else manifest.stem


def _text(value: str) -> str:
    """Return a TOML string."""
    return json.dumps(value, ensure_ascii=False)
