# Everything that is done with this tree by command. `make` lists the targets.

GO ?= go
.DEFAULT_GOAL := help

WITHPG := bin/withpg --

# Go compiles again what is asked for with other flags. The program leaves out the folders of the machine that builds it, so
# everything that it shares with tests, checks and tools does.
export GOFLAGS := $(strip $(filter-out -trimpath,$(shell $(GO) env GOFLAGS)) -trimpath)

# Where the browser tests look for a browser.
BROWSERS := chromium-headless-shell headless-shell chromium chromium-browser google-chrome google-chrome-stable

.PHONY: fuzz help run build generate generate/check fmt fmt/check vet lint test test/race test/crash test/browser/check verify bench bench/classify classify/train docker clean bin/withpg

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z\/]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build, then serve on 127.0.0.1:8080 with a private PostgreSQL
	bin/server

build: ## build bin/server
	$(GO) build -ldflags='-s -w' -o bin/server ./cmd/server

generate: ## write the Go code of the templ files
	$(GO) tool templ generate -log-level warn

generate/check:
	$(GO) tool templ generate -check -log-level warn

fmt: ## format the Go code
	gofmt -w $$(find . -name '*.go' ! -name '*_templ.go')

fmt/check:
	@unformatted=$$(gofmt -l $$(find . -name '*.go' ! -name '*_templ.go')) || exit 1; \
	if [ -n "$$unformatted" ]; then echo "not formatted, run 'make fmt':"; echo "$$unformatted"; exit 1; fi

vet:
	$(GO) vet ./...

lint: vet ## vet and staticcheck, which is fetched on first use
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

bin/withpg:
	@$(GO) build -o $@ ./internal/localpg/withpg

test: bin/withpg ## all tests, beside a PostgreSQL that lasts as long as they do
	$(WITHPG) $(GO) test $(TESTFLAGS) ./...
	@$(MAKE) --no-print-directory test/browser/check

test/race: bin/withpg ## all tests under the race detector; needs a C compiler
	$(WITHPG) $(GO) test -race ./...
	@$(MAKE) --no-print-directory test/browser/check

CRASHES ?= 20
CRASH_FIELDS ?= 6000

test/crash: ## kill the server or its PostgreSQL amid imports, CRASHES (20) times; CRASH_SEED repeats a run
	CRASHES=$(CRASHES) CRASH_FIELDS=$(CRASH_FIELDS) CRASH_SEED=$(CRASH_SEED) $(GO) test ./cmd/server -run '^TestCrashes$$' -count=1 -v -timeout 60m

test/browser/check:
	@for b in $(BROWSERS); do \
		if command -v $$b >/dev/null 2>&1; then echo "browser tests: ran with $$(command -v $$b)"; exit 0; fi; \
	done; \
	echo "browser tests: SKIPPED, there is no Chromium (UTILE_REQUIRE_BROWSER=1 makes that a failure)"; \
	[ -z "$$UTILE_REQUIRE_BROWSER" ]

# The target vet asks all that go test would ask of each package again.
verify: TESTFLAGS = -vet=off
# Contrast is measured at each width in each theme, not in each theme and at each width alone.
verify: export UTILE_EVERY_LOOK = 1
verify: generate/check fmt/check vet build test ## exactly what CI runs

FUZZTIME ?= 30s
# Making an input that reaches new code as short as can be may take a minute each, in which nothing else is tried.
FUZZMINIMIZE ?= 50x

fuzz: ## feed every parser with broken input, FUZZTIME (30s) each
	@set -e; for dir in $$(grep -rl --include='*_test.go' '^func Fuzz' internal cmd | xargs -n1 dirname | sort -u); do \
		for target in $$(grep -rhoE '^func Fuzz[A-Za-z0-9_]+' $$dir/*_test.go | awk '{print $$2}'); do \
			echo "$$dir $$target"; $(GO) test ./$$dir -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime $(FUZZMINIMIZE); \
		done; \
	done

bench: ## measure against the bare program
	$(GO) run ./internal/bench

bench/classify: ## measure the classifier on systems left out of its training; takes minutes
	$(GO) run ./internal/classify/train -bench

classify/train: ## make the weights of the classifier from its labelled columns; takes minutes
	$(GO) run ./internal/classify/train

docker: ## build the container image
	docker build -t utile .

clean: ## remove what was built
	rm -rf bin
