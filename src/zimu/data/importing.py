"""From a set as it was published to a manifest: media found, unpacked or copied, missing ones told."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from zimu.data.manifest import Sample, write_manifest
from zimu.data.readers import READERS
from zimu.errors import ConfigError, unknown_name

__all__ = ["ImportReport", "import_set", "place_media"]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Attributes:
        manifest: The file that was written.
        samples: How many rows it has.
        missing: {id: path} of the samples that were left out because their media are not there.
    """

    manifest: Path
    samples: int
    missing: dict[str, Path]


def import_set(
    name: str, source: Path, target: Path, *, copy: bool = False, keep_missing: bool = False
) -> ImportReport:
    """Read a public set and write `target/manifest.jsonl`.

    Args:
        name: A key of `READERS`.
        source: The folder of the set, as it was published.
        target: The folder of the manifest. Files of archives are unpacked there, into images/.
        copy: Copy media to target/media/; without it the manifest points at them where they are.
        keep_missing: Keep rows whose media are not there, for work on the texts alone.

    Raises:
        UnknownNameError: No such reader.
        ConfigError: The folder does not hold the set, or none of its media is there.
    """
    if name not in READERS:
        raise unknown_name("data set", name, READERS)
    return place_media(READERS[name].read(source), source, target, copy=copy, keep_missing=keep_missing)


def place_media(
    samples: Iterable[Sample], source: Path, target: Path, *, copy: bool, keep_missing: bool
) -> ImportReport:
    """Write samples as `target/manifest.jsonl`, their media unpacked or copied; see `import_set`."""
    missing: dict[str, Path] = {}
    target.mkdir(parents=True, exist_ok=True)
    with _Archives(target) as archives:

        def kept() -> Iterator[Sample]:
            for sample in samples:
                media = {m: archives.unpack(p) for m, p in sample.media.items()}
                absent = [p for p in media.values() if not p.is_file()]
                if absent:
                    missing[sample.id] = absent[0]
                    if not keep_missing:
                        continue
                elif copy:
                    media = {m: _copy(p, source, target) for m, p in media.items()}
                yield replace(sample, media=media)

        path = target / "manifest.jsonl"
        count = write_manifest(kept(), path)
    if not count:
        path.unlink()
        first = next(iter(missing.values()), None)
        raise ConfigError(
            f"{source} has the texts but none of the media, for instance {first}. "
            "Put them below that folder, or pass --keep-missing to import the texts alone."
            if first
            else f"{source} holds no sample."
        )
    return ImportReport(path, count, missing)


def _copy(path: Path, source: Path, target: Path) -> Path:
    root = source.absolute()
    inside = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    # Unpacked files lie in the target already.
    if path.is_relative_to(target.absolute()):
        return path
    place = target.absolute() / "media" / inside
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, place)
    return place


class _Archives:
    """Zip files held open while their members are unpacked into target/images."""

    def __init__(self, target: Path) -> None:
        self._folder = target.absolute() / "images"
        self._open: dict[str, zipfile.ZipFile] = {}

    def __enter__(self) -> _Archives:
        return self

    def __exit__(self, *_: object) -> None:
        for archive in self._open.values():
            archive.close()

    def unpack(self, path: Path) -> Path:
        """Return the path itself, or that of the unpacked file where it names a member of a zip."""
        archive, mark, member = str(path).partition(".zip!/")
        if not mark:
            return path
        archive += ".zip"
        # Only the last part of the name is used: no member can be written outside the folder.
        place = self._folder / Path(member).name
        try:
            if archive not in self._open:
                self._open[archive] = zipfile.ZipFile(archive)
                self._folder.mkdir(parents=True, exist_ok=True)
            info = self._open[archive].getinfo(member)
            if not place.is_file() or place.stat().st_size != info.file_size:
                place.write_bytes(self._open[archive].read(info))
        except KeyError:
            return place
        except (OSError, zipfile.BadZipFile) as error:
            raise ConfigError(f"{archive} cannot be unpacked: {error}") from error
        return place
