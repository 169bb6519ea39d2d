"""Finding Java and the original Java tools, which are never part of Zimu."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from zimu.errors import ConfigError

__all__ = ["JavaTools"]

_INSTALL = "Install the original tools with: pip install pycocoevalcap"


@dataclass(frozen=True)
class JavaTools:
    """Where Java and the original tools are.

    Attributes:
        java: The program; found by JAVA_HOME and PATH where not given.
        meteor_jar: meteor-1.5.jar beside its folder `data`; found in an installed pycocoevalcap.
        spice_jar: spice-1.0.jar beside its folder `lib`; found in an installed pycocoevalcap.
        heap: Java's heap for METEOR, as Java writes it.
        spice_heap: The same for SPICE.
        timeout_s: How long one answer may take before the tool is given up.
    """

    java: Path | None = None
    meteor_jar: Path | None = None
    spice_jar: Path | None = None
    heap: str = "2G"
    spice_heap: str = "8G"
    timeout_s: float = 600

    def find_java(self) -> Path:
        """Return the Java program.

        Raises:
            ConfigError: There is none.
        """
        home = os.environ.get("JAVA_HOME")
        found = self.java or (shutil.which("java", path=str(Path(home) / "bin")) if home else None)
        found = found or shutil.which("java")
        if not found or not Path(found).is_file():
            where = f"at {self.java}" if self.java else "by JAVA_HOME or PATH"
            raise ConfigError(
                f"METEOR and SPICE need Java, which was not found {where}. Install a Java runtime (8 or "
                "later), name it with --java, or leave these metrics out."
            )
        return Path(found)

    def find_meteor(self) -> Path:
        """Return METEOR's jar.

        Raises:
            ConfigError: It or its data is not there.
        """
        jar = self._find(self.meteor_jar, "meteor", "meteor-1.5.jar", "--meteor-jar")
        if not (jar.parent / "data" / "paraphrase-en.gz").is_file():
            raise ConfigError(
                f"METEOR's paraphrase table data/paraphrase-en.gz is not beside {jar}. {_INSTALL}"
            )
        return jar

    def find_spice(self) -> Path:
        """Return SPICE's jar.

        Raises:
            ConfigError: It, or the CoreNLP files that it needs, is not there.
        """
        jar = self._find(self.spice_jar, "spice", "spice-1.0.jar", "--spice-jar")
        parser = "stanford-corenlp-3.6.0.jar"
        if not (jar.parent / "lib" / parser).is_file():
            raise ConfigError(
                f"SPICE needs {parser} and stanford-corenlp-3.6.0-models.jar in {jar.parent / 'lib'}. Take "
                "them from Stanford CoreNLP 3.6.0 (stanford-corenlp-full-2015-12-09), or leave SPICE out."
            )
        return jar

    def _find(self, given: Path | None, folder: str, name: str, option: str) -> Path:
        if given is None:
            spec = importlib.util.find_spec("pycocoevalcap")
            if spec is None or not spec.submodule_search_locations:
                raise ConfigError(f"{name} was not found. {_INSTALL}, or name the file with {option}.")
            given = Path(spec.submodule_search_locations[0]) / folder / name
        if not given.is_file():
            raise ConfigError(f"There is no {given}. {_INSTALL}, or name the file with {option}.")
        return given.resolve()
