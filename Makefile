# The two commands a newcomer needs are `make run` and `make test`; `make help` lists the rest.
#
# One configuration for everything: the server, the unit tests and the end-to-end tests come from the same release
# build, so nothing is compiled twice and what is tested is what runs.

SHELL := /bin/bash
.DEFAULT_GOAL := help

PORT ?= 8080
DATA ?= data
SWIFT_FLAGS ?= -c release
PYTEST_ARGS ?=
PREFIX ?= /usr/local
BUILD = $(shell swift build $(SWIFT_FLAGS) --show-bin-path)

.PHONY: help setup build run test unit e2e bench lint docs plugin install new-format deb deb-test

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

setup:
	@Scripts/setup.sh

build: setup ## the server: .build/release/save-server
	swift build $(SWIFT_FLAGS) --product save-server

run: build ## start a server on 127.0.0.1:$(PORT) with its data in ./$(DATA), ready for pip, uv and twine
	@Scripts/run.sh --port $(PORT) --data $(DATA)

plugin: build ## a format of Plugins as a shared object that this server loads (NAME=Template)
	@Scripts/build-plugin.sh $(NAME) --build $(BUILD)

new-format: ## a new format, begun as a copy of the Template (NAME=Maven)
	@Scripts/new-format.sh $(NAME)

install: build ## the server, and what plugins are built against (PREFIX=/usr/local, DESTDIR=)
	@Scripts/install.sh $(BUILD) $(PREFIX)

deb: build ## a Debian package: .build/deb/save-server_VERSION_ARCHITECTURE.deb
	@Scripts/setup.sh --deb
	@Scripts/deb.sh --build $(BUILD)

deb-test: build ## the package installed, upgraded, removed and purged in a Debian of its own (as root)
	@Scripts/setup.sh --deb
	@Tests/Packaging/test_deb.py --build $(BUILD)

test: ## everything: unit tests, then the real clients against the server
	@Scripts/test.sh

unit: setup ## the unit tests (FILTER=name for some of them)
	@Scripts/test.sh --unit $(if $(FILTER),--filter $(FILTER))

e2e: ## the real clients against the server (PYTEST_ARGS="-k name" or "-m 'not slow'" for some of them)
	@Scripts/test.sh --e2e -- $(PYTEST_ARGS)

bench: ## Save and nginx side by side, as a table
	@Scripts/setup.sh --bench
	swift build $(SWIFT_FLAGS) --product save-server
	@python3 Scripts/clients.py runner uv > /dev/null
	@python3 Benchmarks/bench.py
	@python3 Benchmarks/pages.py
	@python3 Benchmarks/packuments.py
	@python3 Benchmarks/formats.py
	@python3 Benchmarks/resolving.py
	@python3 Benchmarks/proxying.py
	@python3 Benchmarks/memory.py

docs: setup ## what authors of formats see, as pages: .build/docs
	swift build $(SWIFT_FLAGS) --target SavePlatform
	@Scripts/docs.sh $(BUILD)

lint: ## formatting and the rules a compiler does not check
	@Scripts/lint.sh
