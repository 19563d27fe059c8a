# make app   the page on http://127.0.0.1:8501
# make test  formatting, lint, strict types and all tests
# make fuzz, make soak, make attacks ATTACKS=DIR  the long checks of SECURITY.md
# PYTHON=python3.12 picks another interpreter, PORT=8600 another port, and PIP_ARGS goes to every
# pip install (PIP_ARGS="--extra-index-url ..." is how to get a CPU build of torch).

PYTHON ?= python3
PORT ?= 8501
PIP_ARGS ?=

VENV := .venv
RUN := $(VENV)/bin/python
RUNTIME_LISTS := requirements.txt
TEST_LISTS := requirements.txt train/requirements.txt tests/requirements.txt

.PHONY: app test screenshots benchmark-app fuzz soak attacks clean

app: $(RUN)
	@lists="$(RUNTIME_LISTS)"; stamp=$(VENV)/runtime.installed; $(install)
	$(RUN) -m streamlit run streamlit_app.py --server.address 127.0.0.1 --server.port $(PORT) \
		--server.allowedHosts 127.0.0.1 --server.allowedHosts localhost

test: $(RUN)
	@lists="$(TEST_LISTS)"; stamp=$(VENV)/tests.installed; $(install)
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" bash tests/check.sh

screenshots: $(RUN)
	@lists="$(TEST_LISTS)"; stamp=$(VENV)/tests.installed; $(install)
	$(RUN) tests/take_screenshots.py .github/screenshots

benchmark-app: $(RUN)
	@lists="$(TEST_LISTS)"; stamp=$(VENV)/tests.installed; $(install)
	$(RUN) tests/benchmark_app.py

fuzz: $(RUN)
	@lists="$(TEST_LISTS)"; stamp=$(VENV)/tests.installed; $(install)
	$(RUN) tests/fuzz.py $(FUZZ_ARGS)

soak: $(RUN)
	@lists="$(TEST_LISTS)"; stamp=$(VENV)/tests.installed; $(install)
	$(RUN) tests/soak.py

# make attacks ATTACKS=DIR, where DIR holds make_dbs.py and attacks.json
attacks: $(RUN)
	@test -n "$(ATTACKS)" || { echo "Name the folder of attacks: make attacks ATTACKS=DIR"; exit 1; }
	@lists="$(TEST_LISTS)"; stamp=$(VENV)/tests.installed; $(install)
	$(RUN) tests/benchmark_attacks.py --attacks "$(ATTACKS)"

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache

# The stamp is a copy of the lists themselves: pip runs only when their text has changed.
define install
cat $$lists | cmp -s - $$stamp || { \
	echo "Installing what $$lists lists (a minute or two, once) ..."; \
	$(RUN) -m pip install -qq --disable-pip-version-check $(PIP_ARGS) \
		$$(for list in $$lists; do echo "-r $$list"; done) && cat $$lists > $$stamp; }
endef

# pip is the last thing that venv brings, so its presence tells a whole environment from a broken one.
$(RUN):
	@command -v $(PYTHON) >/dev/null || { \
		echo "Python was not found. Install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "This needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1)."; \
		echo "Install a newer one, or name it: make PYTHON=python3.12"; exit 1; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "python -m venv failed. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
