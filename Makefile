# Names only: the logic is in xtask (Rust) and scripts/setup.sh (what must be installed).

# rustup's folder first, so that a distribution's cargo is never taken by mistake.
export PATH := $(or $(CARGO_HOME),$(HOME)/.cargo)/bin:$(PATH)
CACHE := $(or $(RINGFENCE_CACHE),$(HOME)/.cache/ringfence)
TARGET := $(or $(CARGO_TARGET_DIR),target)
XTASK := cargo run --quiet --package ringfence-xtask --
DEMO ?= examples/shop
SAMPLE ?=
KERNEL ?=
TESTS ?=
SECONDS_TO_FUZZ ?= 60
DURATION ?= 10m
TRIPLES ?=

.DEFAULT_GOAL := help
.PHONY: help setup build demo test test-kernels tidy lint fmt deny mutants fuzz soak image cluster cluster-down test-cluster bench docs ci

help: ## list these names
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what building needs (done by every target that needs it)
	@scripts/setup.sh build

build: setup ## build the command line
	cargo build --package ringfence

demo: build ## enforce the sample application on this machine and probe it with real packets
	@scripts/setup.sh root "to make network namespaces and load BPF programs" \
		$(TARGET)/debug/ringfence lab run -f $(DEMO)

test: setup ## run every test; those that need root and a kernel say so where they cannot run
	@scripts/setup.sh browser
	@$(XTASK) test

test-kernels: setup ## run the kernel's tests on other kernels, booted in an emulator (KERNEL=6.1 TESTS="golden real": less)
	@scripts/setup.sh kernels
	@$(XTASK) kernels $(if $(KERNEL),--only $(KERNEL)) $(foreach test,$(TESTS),--test $(test))

tidy: setup ## compare the drawings, lists and habits of the project with its tree
	@$(XTASK) tidy

lint: setup ## check formatting, then clippy with every warning an error, for macOS too
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo clippy --package ringfence --target aarch64-apple-darwin --locked -- -D warnings

fmt: setup ## format all Rust
	cargo fmt --all

deny: setup ## check duplicates, licences and sources of the dependencies
	@scripts/setup.sh deny
	PATH="$(CACHE)/tools/bin:$$PATH" cargo deny --locked check bans licenses sources

mutants: setup ## break the code on purpose and see which tier notices (SAMPLE=6: six of them)
	@$(XTASK) mutants $(if $(SAMPLE),--sample $(SAMPLE))

fuzz: setup ## fuzz every target for SECONDS_TO_FUZZ=60 seconds each
	@scripts/setup.sh fuzz
	@$(XTASK) fuzz --seconds $(SECONDS_TO_FUZZ)

soak: setup ## churn, crashes and upgrades under judged traffic for DURATION=10m (VERSIONS=1: from and to the version before)
	@$(XTASK) soak --duration $(DURATION) $(if $(SEED),--seed $(SEED)) $(if $(VERSIONS),--versions)

image: setup ## the image of agent, plugin and controller, as $(TARGET)/ringfence.tar (TRIPLES="x86_64-unknown-linux-musl")
	@scripts/setup.sh image
	@RINGFENCE_CACHE=$(CACHE) deploy/image/build.sh $(TARGET)/ringfence.tar $(foreach triple,$(TRIPLES),--target $(triple))

cluster: setup ## a Kubernetes cluster of CLUSTER_NODES=2 nodes on this machine, with Ringfence; settings in tests/cluster
	@scripts/setup.sh cluster
	@RINGFENCE_CACHE=$(CACHE) tests/cluster/build.sh base
	cargo build --package ringfence-agent --package ringfence-cni --package ringfence-controller
	@scripts/setup.sh root "to make the namespaces of nodes" env RINGFENCE_CACHE=$(CACHE) tests/cluster/up.sh
	@scripts/setup.sh root "to start an agent on every node" \
		env RINGFENCE_CACHE=$(CACHE) tests/cluster/ringfence.sh $(abspath $(TARGET))/debug
	@RINGFENCE_CACHE=$(CACHE) tests/cluster/next.sh

cluster-down: ## end that cluster, and leave nothing of it but its logs
	@scripts/setup.sh root "to remove the namespaces of nodes" env RINGFENCE_CACHE=$(CACHE) tests/cluster/down.sh

test-cluster: setup ## whether a cluster comes, works and goes, and others' suites on it: the CNI specification, Kubernetes' own
	@scripts/setup.sh cluster
	@RINGFENCE_CACHE=$(CACHE) tests/cluster/build.sh base
	@scripts/setup.sh root "to make the namespaces of nodes" env CLUSTER=47 RINGFENCE_CACHE=$(CACHE) tests/cluster/leftovers.sh
	@$(XTASK) suite check
	@$(XTASK) suite connectivity
	@$(XTASK) suite cni
	@$(XTASK) suite netpol

bench: setup ## measure compiling, planning and the programs in the kernel
	cargo bench --package ringfence-benches
	@$(XTASK) bench-datapath

docs: setup ## build the book of docs/ and the crates' documentation
	@scripts/setup.sh docs
	PATH="$(CACHE)/tools/bin:$$PATH" mdbook build docs
	cargo doc --workspace --no-deps --document-private-items

ci: ## everything that must pass before a change lands
	@.ci/run
