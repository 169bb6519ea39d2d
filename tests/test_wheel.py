"""What an installed Zimu carries: the bundles that ship, found without the checkout."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def build(folder: Path) -> Path:
    """Build the wheel; skip where the build tool is not installed and cannot be fetched."""
    command = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "-q", "-w", str(folder)]
    if importlib.util.find_spec("hatchling") is not None:
        command.append("--no-build-isolation")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"pip cannot build a wheel here: {done.stderr.strip().splitlines()[-1:]}")
    return next(folder.glob("zimu-*.whl"))


def test_the_wheel_is_told_to_carry_the_bundles() -> None:
    target = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert target["wheel"]["force-include"] == {"bundles": "zimu/shipped"}


def test_bundles_beside_the_package_are_found_without_the_checkout(tmp_path: Path) -> None:
    """As an installed package is laid out: zimu/ and zimu/shipped/, linked here instead of copied."""
    package = tmp_path / "zimu"
    package.mkdir()
    for path in (ROOT / "src" / "zimu").iterdir():
        (package / path.name).symlink_to(path)
    (package / "shipped").symlink_to(ROOT / "bundles")
    code = """
import json, zimu
captioner = zimu.load()
print(json.dumps([zimu.__file__, *(str(b.path) for b in captioner.bundles)]))
"""
    command = [sys.executable, "-c", code]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert all(str(tmp_path) in path for path in json.loads(done.stdout))


@pytest.mark.slow
def test_an_installed_wheel_captions_in_any_folder(tmp_path: Path) -> None:
    wheel = build(tmp_path)
    names = zipfile.ZipFile(wheel).namelist()
    for name in ("describe", "sounds", "grid"):
        assert f"zimu/shipped/{name}/bundle.json" in names
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    # The wheel's own files, and of the outside the libraries alone: the checkout is not on the path.
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    libraries = next(Path(p) for p in sys.path if (Path(p) / "onnxruntime").is_dir())
    linked = tmp_path / "site"
    for path in libraries.iterdir():
        if (
            not path.name.startswith(("zimu", "_editable", "__pycache__"))
            and not (linked / path.name).exists()
        ):
            (linked / path.name).symlink_to(path)
    command = [
        str(environment / "bin" / "python"),
        "-m",
        "zimu.cli",
        "caption",
        str(ROOT / "examples/friday.mp4"),
    ]
    done = subprocess.run(
        [*command, "-o", "out"],
        env={"PYTHONPATH": str(linked), "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "bundle: describe+sounds" in done.stderr
    assert (tmp_path / "out" / "friday.zh.srt").read_text("utf-8").strip()
