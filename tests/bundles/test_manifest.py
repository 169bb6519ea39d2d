from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from zimu.bundles.manifest import Bundle, BundleManifest, FileEntry, find_bundle
from zimu.errors import BundleError, UnknownNameError
from zimu.features.spec import AudioSpec, FeatureContract


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle whose graphs are not read by these tests."""
    path = tmp_path / "tiny"
    path.mkdir()
    (path / "encode.onnx").write_bytes(b"graph one")
    (path / "tokens.txt").write_text("<pad>\n<end>\n<unk>\n<en>\na\ndog", "utf-8")
    (path / "CARD.md").write_text("# tiny", "utf-8")
    manifest = BundleManifest(
        name="tiny",
        task="caption",
        kind="scene",
        languages=("en",),
        streams=("audio",),
        contract=FeatureContract(audio=AudioSpec()),
        graphs={"encode": FileEntry.of(path / "encode.onnx")},
        files={"tokens": FileEntry.of(path / "tokens.txt")},
        splitters={"en": "words"},
    )
    (path / "bundle.json").write_text(manifest.model_dump_json(), "utf-8")
    return path


def change(folder: Path, **values: object) -> None:
    content = json.loads((folder / "bundle.json").read_text("utf-8"))
    (folder / "bundle.json").write_text(json.dumps(content | values), "utf-8")


def test_a_folder_and_the_same_folder_zipped_read_alike(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "tiny.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in folder.iterdir():
            file.write(path, path.name)
    for bundle in (Bundle(folder), Bundle(archive)):
        bundle.verify()
        assert bundle.graph("encode") == b"graph one"
        assert bundle.vocabulary().encode("A dog", "en") == [3, 4, 5, 1]
        assert bundle.card() == "# tiny"


def test_a_changed_file_is_refused(folder: Path) -> None:
    (folder / "encode.onnx").write_bytes(b"graph two")
    with pytest.raises(BundleError, match=r"encode\.onnx was changed since the bundle was made"):
        Bundle(folder).graph("encode")


def test_a_file_of_another_size_or_a_missing_one_is_refused_at_once(folder: Path) -> None:
    (folder / "encode.onnx").write_bytes(b"longer than before")
    with pytest.raises(BundleError, match="has 18 bytes instead of 9"):
        Bundle(folder)
    (folder / "encode.onnx").unlink()
    with pytest.raises(BundleError, match="is missing"):
        Bundle(folder)


def test_a_link_out_of_the_folder_is_no_file(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "secret"
    outside.write_bytes(b"graph one")
    (folder / "encode.onnx").unlink()
    (folder / "encode.onnx").symlink_to(outside)
    with pytest.raises(BundleError, match="is missing"):
        Bundle(folder)


@pytest.mark.parametrize("name", ["../encode.onnx", "/etc/passwd", "a/b.onnx", ".hidden", ""])
def test_a_name_that_leaves_the_folder_is_refused(folder: Path, name: str) -> None:
    entry = FileEntry.of(folder / "encode.onnx").model_dump() | {"file": name}
    change(folder, graphs={"encode": entry})
    with pytest.raises(BundleError, match=r"wrong at `graphs\.encode\.file`"):
        Bundle(folder)


def test_a_graph_that_wants_data_from_other_files_is_refused(folder: Path) -> None:
    (folder / "encode.onnx").write_bytes(b"..\x0a\x08location\x12\x0b/etc/passwd")
    change(folder, graphs={"encode": FileEntry.of(folder / "encode.onnx").model_dump()})
    with pytest.raises(BundleError, match="keeps its numbers in another file"):
        Bundle(folder).graph("encode")


def test_another_format_says_which_one_is_read(folder: Path) -> None:
    change(folder, format=2)
    with pytest.raises(BundleError, match="This Zimu reads format 1"):
        Bundle(folder)


def test_an_archive_that_unpacks_to_more_than_it_says_is_cut_off(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in folder.iterdir():
            if path.name != "encode.onnx":
                file.write(path, path.name)
        file.writestr("encode.onnx", b"\0" * 50_000_000)
    with pytest.raises(BundleError, match="has 50000000 bytes instead of 9"):
        Bundle(archive)


def test_what_is_no_bundle_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BundleError, match=r"is no bundle: it has no bundle.json"):
        Bundle(tmp_path / "empty")
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(BundleError, match="neither a folder nor a zip file"):
        Bundle(tmp_path / "text.zip")
    with pytest.raises(UnknownNameError, match="Unknown bundle 'nowhere'"):
        find_bundle("nowhere")


def test_captioning_loads_no_pydantic() -> None:
    code = "import sys, zimu.captions.captioner as c; c.load(); sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
