# The two commands of the README: `make demo` and `make test`. Each sets up what it needs, by itself.
PYTHON ?= python3.11
PIP_FLAGS ?= -q --disable-pip-version-check

.PHONY: demo test check bench clean

.venv-run/.done: pyproject.toml
	@echo "== making .venv-run and installing the running half (no torch) ..."
	$(PYTHON) -m venv .venv-run
	.venv-run/bin/python -m pip install $(PIP_FLAGS) -e .
	@touch $@

# CPU torch is pinned by version: an unpinned `torch` would fetch gigabytes of GPU packages.
.venv/.done: pyproject.toml
	@echo "== making .venv and installing the training half and the test tools (CPU torch, about 1 GB on disk) ..."
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/python -m pip install $(PIP_FLAGS) torch==2.13.0
	.venv/bin/python -m pip install $(PIP_FLAGS) -e ".[train,dev]"
	@touch $@

demo: .venv-run/.done
	@echo "== captioning examples/friday.mp4 in Chinese and English ..."
	.venv-run/bin/zimu caption examples/friday.mp4 --language zh,en --format srt,json,html --output demo-output

test: .venv/.done
	.venv/bin/python -m pytest

check: .venv/.done
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m pytest

bench: .venv/.done
	.venv/bin/python -m bench

clean:
	rm -rf .venv .venv-run demo-output
