"""A command as a person calls it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from zimu.cli.main import main


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `zimu` with arguments; returns its exit code, standard output and standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert left.value.code is None or isinstance(left.value.code, int)
        return left.value.code or 0, out, err

    return call
