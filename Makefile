# tapline: `make help` lists the targets.
SHELL := /bin/bash
GO    ?= go
BIN   := bin/tapline

# What only a C compiler can build: DuckDB.
export CGO_ENABLED ?= 1

# Tests write many small files: into memory, where 8 GB of it are free for files
# and programs may be run from there.
TMP = $(shell { [ "$$(df --output=avail -k /dev/shm | tail -1)" -ge 8000000 ] && p=$$(mktemp -p /dev/shm) && \
  cp /bin/true $$p && chmod +x $$p && $$p && echo TMPDIR=/dev/shm; rm -f $$p; } 2>/dev/null)

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: deps
deps: # a C++ compiler for DuckDB and, for tests, PostgreSQL and PgBouncer, installed where they are missing
	@command -v $(GO) >/dev/null || { echo "Go is missing: see https://go.dev/doc/install" >&2; exit 1; }
	@sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; want=; \
	command -v g++ >/dev/null || want="gcc g++"; \
	if [ -n "$(filter test bench soak,$(MAKECMDGOALS))" ]; then \
	  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || want="$$want postgresql"; \
	  [ -x /usr/sbin/pgbouncer ] || command -v pgbouncer >/dev/null || want="$$want pgbouncer"; \
	fi; \
	[ -z "$$want" ] || { \
	  echo "installing $$want"; \
	  case "$$want" in *postgresql*) [ -e /etc/postgresql-common/createcluster.conf ] || { $$sudo mkdir -p /etc/postgresql-common && \
	    echo "create_main_cluster = false" | $$sudo tee /etc/postgresql-common/createcluster.conf >/dev/null; };; esac; \
	  $$sudo apt-get update -qq && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 apt-get install -y -qq -o Dpkg::Options::=--force-confold $$want; }

.PHONY: build
build: deps ## bin/tapline
	$(GO) build -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/tapline

.PHONY: lite
lite: ## bin/tapline-lite: pure Go, without DuckDB
	CGO_ENABLED=0 $(GO) build -tags noduckdb -ldflags '$(LDFLAGS)' -o bin/tapline-lite ./cmd/tapline

.PHONY: demo
demo: build ## see it work: a vendor on this machine, a DuckDB file, five questions
	./$(BIN) demo demo

.PHONY: check
check: deps ## gofmt, vet
	@out=$$(gofmt -l .); [ -z "$$out" ] || { echo "not gofmt-ed:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags faults ./cmd/tapline
	CGO_ENABLED=0 $(GO) vet -tags noduckdb ./cmd/tapline

.PHONY: test
test: check ## every test, with the race detector, which would sleep a second at each exit; some wait more than they work
	$(TMP) GORACE=atexit_sleep_ms=10 $(GO) test -race -p 3 -timeout 30m ./...

.PHONY: bench
bench: deps ## speed and memory, as ratios to DuckDB in the same run
	$(GO) test -run '^$$' -bench 'PagesToParquet' -benchtime 5x ./exporter/clevertap
	$(GO) test -run '^$$' -bench 'ToParquet' -benchtime 3x -timeout 30m ./exporter/bucket
	$(GO) test -run '^$$' -bench 'BenchmarkDrop|BenchmarkRun|BenchmarkMemory' -benchtime 1x -timeout 30m ./cmd/tapline
	$(GO) test -run '^$$' -bench . -benchtime 3x -timeout 30m ./warehouse/postgres
	$(GO) test -run '^$$' -bench . -benchtime 3x -timeout 30m ./warehouse/bigquery
	$(GO) test -run '^$$' -bench . -benchtime 2s ./warehouse/parts ./loader/parquet ./exporter/format/json ./exporter/format/csv ./exporter/format/unpack/inflate

.PHONY: soak
soak: deps ## 500 cycles of kill -9, and crashes everywhere with every backend
	TAPLINE_SOAK=500 $(GO) test -timeout 4h -run 'TestKill|TestCrash' -v ./cmd/tapline

.PHONY: emulator-test
emulator-test: deps ## which cases of the warehouse suite BigQuery emulators serve: BIGQUERY_EMULATOR_URL, or Python packages
	$(GO) test -tags emulator -run '^TestEmulator$$' -count=1 -v -timeout 45m ./warehouse/bigquery

.PHONY: fuzz
fuzz: deps ## every decoder, FUZZTIME=30s each
	@for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "== $$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(or $(FUZZTIME),30s) -fuzzminimizetime 5x $$pkg || exit 1; \
	  done; \
	done

.PHONY: clean
clean: ## remove what was built and the demo
	rm -rf bin demo
