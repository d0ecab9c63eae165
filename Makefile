# Every target works on a fresh clone: it installs and builds what it needs, only when needed.

SOURCES := $(shell find src -name '*.ts' ! -name '*.test.ts' 2>/dev/null) scripts/stamp-build.ts
# The build notes the commit that it was made from.
COMMIT := $(wildcard .git/logs/HEAD)
INSTALLED := node_modules/.package-lock.json

.PHONY: help piko test check demo bench sim soak clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' Makefile

piko: bin/piko ## Build bin/piko

test: $(INSTALLED) bin/piko ## Run every check and test
	npm test

check: $(INSTALLED) ## Format, lint, layers, types, unit tests: under a minute
	npm run check

demo: bin/piko ## Start a cluster, a service and two agents, and send requests through
	npm run --silent demo

bench: bin/piko ## Measure the cost of a request beside nginx
	npm run --silent bench

soak: $(INSTALLED) ## Restart a cluster under load, behind haproxy, for minutes
	npm run --silent soak

sim: $(INSTALLED) ## Simulate years of cluster life
	npm run --silent sim

clean: ## Remove everything that was built or installed
	rm -rf bin dist coverage node_modules

$(INSTALLED): package-lock.json
	npm ci
	@touch $@

bin/piko: $(INSTALLED) tsconfig.json tsconfig.build.json $(SOURCES) $(COMMIT)
	npm run --silent build
	@mkdir -p bin
	@ln -sf ../dist/main.js bin/piko
	@ln -sf ../dist/main.js bin/pico
	@touch -h bin/piko
