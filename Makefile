# Everything a person does with this repository. Needs Python 3.11 or newer and make; `make help` lists the targets.
# The environment comes from uv.lock, made with a uv of its own, so that nothing has to be installed before.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PORT ?= 7300
WORKERS ?= 1
UV_VERSION := 0.13.9
# Relative on purpose: recipes run in this folder, whose path may have spaces in it.
BIN := .venv/bin
LOCAL := $(BIN)/python -m local --port $(PORT) --workers $(WORKERS)

export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
export UV_NO_PROGRESS := 1
# Another environment that happens to be active must not be filled or used instead.
unexport VIRTUAL_ENV
unexport PYTHONPATH
unexport PYTHONHOME
# Hundreds of programs are started by tests and on one machine, and each would compile all it imports anew.
unexport PYTHONDONTWRITEBYTECODE
export UV_COMPILE_BYTECODE := 1

# Tests with stacks of their own, which share nothing with the others of tests/e2e.
OWN_STACKS := $(addprefix tests/e2e/,test_key_service.py test_single_sign_on.py test_local_stack.py)
# Tests that wait for Envoy's intervals more than they compute.
BEHIND_ENVOY := tests/integration/gateway tests/integration/tokens
RELEASES := tests/integration/releaser tests/integration/staging
# CI has another, which runs what failed once more (tests/once_more.py).
PYTEST ?= $(BIN)/python -m pytest
# What `make test-abuse` runs: all of it, or a part.
ABUSE ?= tests/abuse

.PHONY: help demo demo-kubernetes demo-sso up signin stop status logs outbox outbox-give-back check format test test-thorough \
	test-crash test-leaks test-abuse test-transparency test-readers test-clients test-kubernetes test-keycloak test-browser test-mutations screenshots bench bench-peers bench-growth \
	bench-audit bench-command-line bench-keys bench-kubernetes bench-sign-ins bench-verification bench-dashboard \
	kube-secrets gen man schema readers

help: ## list the targets
	@awk -F ':.*## ' '/^[.a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' Makefile
	@echo "  PORT=$(PORT) is the gateway's port; the services use the twenty after it."
	@echo "  WORKERS=$(WORKERS) is how many processes each service has; each more takes another twenty ports."

demo: .venv ## start everything on this machine and show what it does
	@$(LOCAL) demo

demo-kubernetes: .venv ## the same with apps that are pods (as test-kubernetes)
	@[ -n "$$KUBECONFIG" ] || $(BIN)/python -m tests.kubernetes.cluster build > /dev/null
	@$(BIN)/python -m tests.kubernetes.demo --port $(PORT)

demo-sso: .venv ## the stack with a Keycloak in front: sign in at its pages (as test-keycloak)
	@$(BIN)/python -m tests.keycloak build > /dev/null
	@$(BIN)/python -m tests.keycloak.demo --port $(PORT)

up: .venv ## start everything on this machine
	@$(LOCAL) up

signin: .venv ## sign in to it as its operator, in this folder and as profile `local` anywhere else
	@$(LOCAL) signin --everywhere

stop: ## stop everything that runs on this machine
	@if [ ! -x $(BIN)/python ]; then echo "Nothing was running."; \
	elif [ -d .paas/kubernetes ] || [ -d .paas/sso ]; then \
		[ ! -d .paas/kubernetes ] || $(BIN)/python -m tests.kubernetes.demo stop; \
		[ ! -d .paas/sso ] || $(BIN)/python -m tests.keycloak.demo stop; [ ! -d .paas/run ] || $(LOCAL) down; \
	else $(LOCAL) down; fi

status: .venv ## how each part is
	@$(LOCAL) status

logs: .venv ## the end of the logs (files in .paas/logs)
	@$(LOCAL) logs

outbox: .venv ## what the services still have to tell each other
	@$(LOCAL) outbox

outbox-give-back: .venv ## have messages sent again that were refused (docs/alarms.md)
	@$(LOCAL) outbox --give-back

check: .venv ## lint, types, layers, generated code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@# Types take as long as all the rest does, so they are looked at beside it.
	@mkdir -p .pytest_cache; \
	$(BIN)/mypy > .pytest_cache/mypy.log 2>&1 & types=$$!; \
	$(BIN)/lint-imports && $(PYTEST) tests/architecture; failed=$$?; \
	wait $$types || failed=1; cat .pytest_cache/mypy.log; exit $$failed

format: .venv ## put the code into its format
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

test: .venv ## unit, integration, access and end-to-end tests
	@# Much of the time is spent waiting for programs to start and stop, so eight parts run side by side, the longest first.
	@mkdir -p .pytest_cache; \
	run() { name=$$1; shift; $(PYTEST) -m "not thorough" "$$@" > .pytest_cache/$$name.log 2>&1; }; \
	run e2e tests/e2e --ignore tests/e2e/faults $(addprefix --ignore ,$(OWN_STACKS)) & e2e=$$!; \
	run stacks $(OWN_STACKS) & stacks=$$!; \
	run faults tests/e2e/faults & faults=$$!; \
	run envoy $(BEHIND_ENVOY) & envoy=$$!; \
	run services tests/integration $(addprefix --ignore ,$(RELEASES) $(BEHIND_ENVOY)) & services=$$!; \
	run releases $(RELEASES) & releases=$$!; \
	run cli tests/unit/cli & cli=$$!; \
	$(PYTEST) -m "not thorough" tests/unit tests/access tests/deploy --ignore tests/unit/cli; failed=$$?; \
	for part in "cli $$cli" "releases $$releases" "services $$services" "envoy $$envoy" "faults $$faults" "stacks $$stacks" "e2e $$e2e"; do \
		wait $${part#* } || failed=1; cat .pytest_cache/$${part% *}.log; \
	done; \
	echo "Left out: make test-thorough, make test-leaks, make test-abuse, make test-transparency, make test-readers, make test-clients, make test-crash, make test-kubernetes, make test-keycloak, make test-browser, make test-mutations."; exit $$failed

test-thorough: .venv ## more of the kinds that `make test` has one or two of
	$(PYTEST) tests -m thorough

test-leaks: .venv ## plant values of every kind, and look for them in all that is left behind
	$(PYTEST) tests/leaks

test-crash: .venv ## 320 kills and a dozen failovers under load, with the books kept (minutes)
	$(PYTEST) tests/crash -s

test-abuse: .venv ## 120,000 changed credentials and 200,000 malformed requests, none with an effect (minutes)
	$(PYTEST) $(ABUSE) -s

test-transparency: .venv ## verifiers of others read logs of ours, and 5,000 tampered ones (Go; its first build takes a minute)
	@$(BIN)/python -m tests.foreign_verifiers build > /dev/null
	$(PYTEST) tests/foreign_verifiers -s

test-readers: .venv ## libraries of others read .env files (Go and node; its first build takes a minute)
	@$(BIN)/python -m tests.foreign_readers build
	$(PYTEST) tests/foreign_readers

test-clients: .venv ## External Secrets Operator's store and Terraform's provider call in JSON (Go; its first build takes minutes)
	@$(BIN)/python -m tests.foreign_clients build
	$(PYTEST) tests/foreign_clients

test-kubernetes: .venv ## tests in a real cluster: KUBECONFIG's, or one of ours (root, Go; its first build takes minutes)
	@[ -n "$$KUBECONFIG" ] || $(BIN)/python -m tests.kubernetes.cluster build
	$(PYTEST) tests/kubernetes

test-keycloak: .venv ## tests with a real Keycloak on this machine (Java, and Maven once; its first build takes minutes), a browser's too
	@$(BIN)/python -m tests.keycloak build > /dev/null
	@.uv/bin/uv sync --locked --quiet --group browser
	@$(BIN)/python -m tests.browser build
	$(PYTEST) tests/keycloak

test-browser: .venv ## the dashboard in a real Chromium, which it installs where this is Debian and it may (minutes)
	@.uv/bin/uv sync --locked --quiet --group browser
	@$(BIN)/python -m tests.browser build
	$(PYTEST) tests/browser

screenshots: .venv ## pictures of the dashboard's pages, for the README, into docs/images (as test-browser)
	@.uv/bin/uv sync --locked --quiet --group browser
	@$(BIN)/python -m tests.browser build
	$(BIN)/python -m tests.browser screenshots

test-mutations: .venv ## put each known fault into a copy of the tree and see that its test fails
	$(BIN)/python -m tests.mutations

bench: .venv ## measure, each as a ratio with its two figures, into bench/RESULTS.md
	$(BIN)/python -m bench --write
	$(BIN)/python -m bench.strangers --write

bench-peers: .venv ## measure audited reads beside OpenBao, which it installs (75 MB); the load is wrk's
	@.uv/bin/uv sync --locked --quiet --group peers
	$(BIN)/python -m bench.peers --write

bench-command-line: .venv ## commands from cold, into bench/RESULTS.md; beside Heroku's, where npm is there to install it
	$(BIN)/python -m bench.command_line --write

bench-growth: .venv ## the same calls with a million secrets beside few, into bench/RESULTS.md (minutes)
	$(BIN)/python -m bench.growth --write

bench-audit: .venv ## asking an audit log, appending to it, and audit as a whole, into bench/RESULTS.md (minutes)
	$(BIN)/python -m bench.audit --write

bench-sign-ins: .venv ## measure the sign-in check with a JWT, and verifying an identity, into bench/RESULTS.md
	$(BIN)/python -m bench.sign_ins --write

bench-keys: .venv ## rotating the key of 10,000 secrets beside raw updates, into bench/RESULTS.md
	$(BIN)/python -m bench.keys --write

bench-dashboard: .venv ## pages beside their calls, and what a browser sees, into bench/RESULTS.md (as test-browser)
	@.uv/bin/uv sync --locked --quiet --group browser
	@$(BIN)/python -m tests.browser build
	$(BIN)/python -m bench.dashboard --write

bench-verification: .venv ## verifying a log of a million events, into bench/RESULTS.md
	$(BIN)/python -m bench.verification --write

bench-kubernetes: .venv ## releases on Kubernetes beside raw calls, into bench/RESULTS.md (as test-kubernetes)
	@[ -n "$$KUBECONFIG" ] || $(BIN)/python -m tests.kubernetes.cluster build
	$(BIN)/python -m bench.kubernetes --write

kube-secrets: .venv ## certificates, keys and passwords for deploy/overlays/local (docs/deploy.md)
	@$(BIN)/python -m local.cluster secrets

gen: .venv ## generate gen/ from protos/, with it OpenAPI's document and the Python client's services, and what is made from commands
	$(BIN)/python protos/generate.py
	$(BIN)/python protos/access_matrix.py
	$(BIN)/python -m protos.openapi
	$(BIN)/python -m protos.client
	$(BIN)/python -m reference

man: .venv ## read the man page
	@man -l cli/share/man/man1/paas.1

readers: .venv ## write docs/dotenv.md from what readers of .env files do (as test-readers)
	$(BIN)/python -m tests.foreign_readers document

schema: .venv ## write docs/schema/ from the migrations
	$(BIN)/python -m local.schema

.venv: .venv/.complete ## make the environment from uv.lock

# Programs in an environment hold its path: one that was moved here is made again.
ifneq ($(shell cat .venv/.complete 2>/dev/null),$(CURDIR))
.PHONY: .venv/.complete
endif

.venv/.complete: uv.lock pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed, and \`$(PYTHON)\` is not: name another with \`make PYTHON=python3.12\`." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "\`$(PYTHON)\` lacks the venv module: install it (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@[ ! -f .venv/.complete ] || [ "$$(cat .venv/.complete)" = "$$(pwd)" ] || rm -rf .venv .uv
	@[ -x .uv/bin/uv ] && [ "$$(.uv/bin/uv --version | cut -d ' ' -f 2)" = "$(UV_VERSION)" ] || { \
	  echo "making .uv (uv $(UV_VERSION)) ..."; \
	  rm -rf .uv && $(PYTHON) -m venv .uv && \
	  .uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"; } || { \
	  rm -rf .uv; echo "uv $(UV_VERSION) could not be installed with pip: see above." >&2; exit 1; }
	@echo "making .venv from uv.lock ..."
	@.uv/bin/uv sync --locked --quiet --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" || { \
	  echo "The environment could not be made from uv.lock: see above." >&2; exit 1; }
	@# xds-protos has older copies of some of this package's files; whichever is installed last is there.
	@.uv/bin/uv sync --locked --quiet --reinstall-package opentelemetry-proto
	@pwd > .venv/.complete
