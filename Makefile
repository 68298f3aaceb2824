# make demo    see the portal with a local Stripe in a minute; RESET=1 starts clean
# make serve   run it against the Stripe account in .env
# make check   format, lint, types, import rules
# make test    the suite, browser walks included; test-long and bench hold the heavy rounds
# make install only prepare .venv

PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed-from

.PHONY: install demo serve check test test-long bench chromium clean

install: $(STAMP)

$(STAMP): requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@cp requirements.txt $(STAMP)

demo: install
	@$(BIN)/python -m portal demo $(if $(RESET),--reset)

serve: install
	@$(BIN)/python -m portal serve

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict portal
	$(BIN)/lint-imports --no-cache

test: install chromium
	$(BIN)/pytest -q

test-long: install chromium
	$(BIN)/pytest -q -m long

bench: install
	$(BIN)/pytest -q -s -m bench

chromium:
	@$(BIN)/python -m tests.chromium

clean:
	rm -rf .venv .web var
