"""A bundle: a trained model as a folder, or the same folder zipped, of plain data.

`bundle.json` states everything that is needed to run it; beside it lie ONNX graphs, token lists and
`CARD.md`. Bundles come from strangers: names, sizes and hashes are checked before anything is used, nothing
is unpacked, and nothing in them is executed as code.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Annotated, Literal

import zimu
from zimu.errors import BundleError, unknown_name
from zimu.features.spec import FeatureContract
from zimu.records import Record, RecordError, Rule, empty
from zimu.text.vocabulary import Vocabulary

__all__ = [
    "FORMAT",
    "Bundle",
    "BundleManifest",
    "FileEntry",
    "MemoryLayout",
    "SearchSettings",
    "WindowSettings",
    "find_bundle",
    "shipped_bundles",
]

FORMAT = 1
_LARGEST_MANIFEST = 1 << 20
_LARGEST_FILE = 2 << 30
# How a serialised ONNX tensor names the file that its numbers lie in (key "location" of external_data).
_EXTERNAL = b"\x0a\x08location"

_Name = Annotated[str, Rule(pattern=r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")]
_Count = Annotated[int, Rule(least=1)]
_Amount = Annotated[int, Rule(least=0)]


class FileEntry(Record):
    """A file of the bundle: its name in the folder, its size and its SHA-256."""

    file: _Name
    bytes: Annotated[int, Rule(least=0, most=_LARGEST_FILE)]
    sha256: Annotated[str, Rule(pattern="[0-9a-f]{64}")]

    @classmethod
    def of(cls, path: Path) -> FileEntry:
        """Describe a file that lies in the bundle's folder."""
        content = path.read_bytes()
        return cls(file=path.name, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


class SearchSettings(Record):
    """How captions are searched; see `zimu.search.beam`."""

    beam_size: Annotated[int, Rule(least=1, most=64)] = 3
    length_penalty: float = 0.7
    max_length: Annotated[int, Rule(least=1, most=1000)] = 24
    min_length: _Amount = 1
    block_ngrams: _Amount = 0


class WindowSettings(Record):
    """How a long file is cut into clips of the kind that the model was trained on.

    Attributes:
        seconds: A fixed window, or the longest shot.
        shots: Cut where the picture changes.
    """

    seconds: Annotated[float, Rule(above=0)] = 4.0
    shots: bool = True


class MemoryLayout(Record):
    """How a stream stands in the decoder's memory: ceil(steps / stride) steps, each with its regions."""

    stride: _Count = 1
    regions: _Count = 1

    def steps(self, length: int) -> int:
        """Return how many steps of the memory a padded stream of `length` steps takes."""
        return -(-length // self.stride) * self.regions


class BundleManifest(Record):
    """`bundle.json`.

    A bundle of task "caption" has graphs "encode" and "step", and "video" where the contract names a frozen
    encoder. One of task "tag" has a graph "tag" and a file "wording", one of task "segment" a graph "segment"
    that says how surely somebody speaks (see `zimu.captions.speech`). One of task "predict" has a file
    "predictor" and the graphs that it names (see `zimu.prediction`).

    Attributes:
        endings: What closes a caption, a language.
        memory: In the order of the names; empty: steps are of the clip.
        scores: Measured on data that the model did not see.
    """

    format: Literal[1] = 1
    name: _Name
    zimu: str = zimu.__version__
    task: Literal["caption", "predict", "segment", "tag"]
    kind: Literal["answer", "scene", "sound", "speech"]
    languages: Annotated[tuple[str, ...], Rule(length=1)]
    streams: Annotated[tuple[str, ...], Rule(length=1)]
    contract: FeatureContract
    graphs: dict[str, FileEntry]
    files: dict[str, FileEntry] = empty()
    splitters: dict[str, str] = empty()
    endings: dict[str, str] = empty()
    memory: dict[str, MemoryLayout] = empty()
    search: SearchSettings = SearchSettings()
    window: WindowSettings = WindowSettings()
    scores: dict[str, float] = empty()


class Bundle:
    """A bundle on disk.

    Args:
        path: The folder or .zip file.

    Raises:
        BundleError: It is no bundle, or its manifest is wrong, or a file is missing or has another size.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.manifest = self._read_manifest()
        for entry in (*self.manifest.graphs.values(), *self.manifest.files.values()):
            if (size := self._size(entry.file)) != entry.bytes:
                found = "is missing" if size is None else f"has {size} bytes instead of {entry.bytes}"
                raise BundleError(f"{self.path}: {entry.file} {found}. Get the bundle again.")

    @property
    def name(self) -> str:
        """The name that the bundle gives itself."""
        return self.manifest.name

    def graph(self, name: str) -> bytes:
        """Return a graph, checked against its hash.

        Raises:
            BundleError: There is no such graph, it was changed, or it wants data from other files.
        """
        if name not in self.manifest.graphs:
            known = ", ".join(sorted(self.manifest.graphs))
            raise BundleError(f"{self.path} has no graph {name!r}. It has: {known}.")
        content = self._checked(self.manifest.graphs[name])
        if _EXTERNAL in content:
            raise BundleError(f"{self.path}: graph {name!r} keeps its numbers in another file. Refused.")
        return content

    def file(self, name: str) -> bytes:
        """Return a file of the manifest's `files`, checked against its hash.

        Raises:
            BundleError: There is no such file, or it was changed.
        """
        if name not in self.manifest.files:
            known = ", ".join(sorted(self.manifest.files)) or "none"
            raise BundleError(f"{self.path} has no file {name!r}. It has: {known}.")
        return self._checked(self.manifest.files[name])

    def vocabulary(self) -> Vocabulary:
        """Return the tokens of a bundle of task "caption"; one a line in the file "tokens"."""
        return Vocabulary(tuple(self.file("tokens").decode("utf-8").split("\n")), self.manifest.splitters)

    def verify(self) -> None:
        """Read every file and check its hash."""
        for name in self.manifest.graphs:
            self.graph(name)
        for name in self.manifest.files:
            self.file(name)

    def card(self) -> str:
        """Return `CARD.md`, or an empty text where there is none."""
        size = self._size("CARD.md")
        return (
            "" if not size else self._read("CARD.md", min(size, _LARGEST_MANIFEST)).decode("utf-8", "replace")
        )

    def _checked(self, entry: FileEntry) -> bytes:
        content = self._read(entry.file, entry.bytes)
        if hashlib.sha256(content).hexdigest() != entry.sha256:
            raise BundleError(
                f"{self.path}: {entry.file} was changed since the bundle was made. Get it again."
            )
        return content

    def _read_manifest(self) -> BundleManifest:
        if not self.path.exists():
            raise BundleError(f"There is no bundle {self.path}.")
        size = self._size("bundle.json")
        if size is None or size > _LARGEST_MANIFEST:
            raise BundleError(f"{self.path} is no bundle: it has no bundle.json of a sensible size.")
        try:
            return BundleManifest.model_validate_json(self._read("bundle.json", size))
        except RecordError as error:
            where = ".".join(error.where) or "bundle.json"
            raise BundleError(
                f"{self.path}: bundle.json is wrong at `{where}`: {error.reason}. "
                f"This Zimu reads format {FORMAT}; `zimu export` makes such a bundle."
            ) from error

    def _size(self, file: str) -> int | None:
        if self.path.is_dir():
            inside = self.path / file
            return inside.stat().st_size if inside.is_file() and not inside.is_symlink() else None
        try:
            with zipfile.ZipFile(self.path) as archive:
                return archive.getinfo(file).file_size
        except KeyError:
            return None
        except (zipfile.BadZipFile, OSError) as error:
            raise BundleError(f"{self.path} is neither a folder nor a zip file.") from error

    def _read(self, file: str, size: int) -> bytes:
        """Read at most `size` bytes, whatever an archive says that it unpacks to."""
        if self.path.is_dir():
            with (self.path / file).open("rb") as stream:
                return stream.read(size)
        with zipfile.ZipFile(self.path) as archive, archive.open(file) as member:
            return member.read(size)


def shipped_bundles() -> dict[str, Path]:
    """Return the bundles that come with Zimu, by name."""
    package = Path(zimu.__file__).parent
    for folder in (package / "shipped", package.parents[1] / "bundles"):
        if folder.is_dir():
            return {p.name: p for p in sorted(folder.iterdir()) if (p / "bundle.json").is_file()}
    return {}


def find_bundle(name: str | Path) -> Bundle:
    """Return a bundle by its path, or a shipped one by its name.

    Raises:
        UnknownNameError: Neither a path nor a shipped name.
        BundleError: The bundle is damaged.
    """
    shipped = shipped_bundles()
    if str(name) in shipped:
        return Bundle(shipped[str(name)])
    if Path(name).exists():
        return Bundle(name)
    raise unknown_name("bundle", str(name), shipped)
