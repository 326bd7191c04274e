# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Every target sets up what it needs, once, and says what it installs. `make` alone lists the targets.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory
SHELL := /bin/bash

PYTHON := $(CURDIR)/.venv/bin/python
export PATH := $(CURDIR)/.venv/bin:$(PATH):/usr/local/sbin:/usr/sbin:/sbin
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.build

# A stamp carries the hash of what it stands for: changed requirements, or a moved checkout, mean another stamp.
hash = $(shell { echo $(CURDIR); cat $(1); } | sha256sum | cut -c1-16)
RUNTIME := .venv/.installed-runtime-$(call hash,requirements.txt)
NODE := .venv/.installed-cluster-$(call hash,requirements.txt requirements-cluster.txt)
TOOLS := .venv/.installed-test-$(call hash,requirements.txt requirements-cluster.txt requirements-test.txt)
FUZZ := .venv/.installed-fuzz-$(call hash,requirements.txt requirements-cluster.txt requirements-test.txt requirements-fuzz.txt)
AZURITE := .build/azurite/.installed-$(call hash,tests/azurite/package.json tests/azurite/package-lock.json)
COLLECTION := .build/ansible_collections/clusterdepot/artifacts

# Ansible refuses to run under a locale that is not UTF-8, such as that of cron or a bare container.
export LC_ALL := C.UTF-8

# A cluster named by the user, by its kubeconfig or an inventory, is used as it is; otherwise the embedded one is brought up.
# The embedded cluster's own kubeconfig, which cluster-up tells to export, is no other cluster.
EMBEDDED := $(or $(CLUSTERDEPOT_STATE),$(or $(XDG_STATE_HOME),$(HOME)/.local/state)/clusterdepot)/kubeconfig
INVENTORY ?= $(if $(filter-out $(EMBEDDED),$(KUBECONFIG)),inventory/own,inventory/embedded)
CLUSTER := $(if $(filter inventory/embedded,$(INVENTORY:/=)),cluster-up)

PARTS := lint units sanity faults molecule

.PHONY: help provision unprovision test $(PARTS) bench fuzz cluster-up cluster-down cluster-status clean \
        inventory-there packages-cluster packages-faults packages-test packages-molecule packages-bench

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='|' read -r target text; do \
	  printf 'make %-16s %s\n' "$$target" "$$text"; done

provision: $(RUNTIME) $(COLLECTION) inventory-there $(CLUSTER) ## bring the plane up (KUBECONFIG= your cluster, INVENTORY=, ARGS=)
	@ansible-playbook -i "$(INVENTORY)" clusterdepot.artifacts.provision $(ARGS)

unprovision: $(RUNTIME) $(COLLECTION) inventory-there $(CLUSTER) ## take the plane down, keep its data (INVENTORY=, ARGS=)
	@ansible-playbook -i "$(INVENTORY)" clusterdepot.artifacts.unprovision $(ARGS)

test: $(TOOLS) $(COLLECTION) packages-cluster packages-faults packages-test packages-molecule $(AZURITE) ## run lint, units, sanity, faults and molecule
	@"$(PYTHON)" -m tests.run $(PARTS)

lint: $(TOOLS) $(COLLECTION) ## ruff, mypy, yamllint, ansible-lint, REUSE, changelog
	@"$(PYTHON)" -m tests.run $@

units: $(TOOLS) $(COLLECTION) ## unit tests with coverage
	@"$(PYTHON)" -m tests.run $@

sanity: $(TOOLS) $(COLLECTION) packages-test ## ansible-test sanity, offline, no ignore file
	@"$(PYTHON)" -m tests.run $@

faults: $(TOOLS) $(COLLECTION) packages-cluster packages-faults ## provoked failures against a real API server and registry
	@"$(PYTHON)" -m tests.run $@

molecule: $(TOOLS) $(COLLECTION) packages-cluster packages-test packages-molecule $(AZURITE) ## scenarios on the embedded cluster (SCENARIO= one)
	@"$(PYTHON)" -m tests.run $@ $(if $(SCENARIO),--scenario "$(SCENARIO)")

bench: $(TOOLS) $(COLLECTION) packages-test packages-bench cluster-up ## benchmarks, each beside a peer (BENCH= one)
	@"$(PYTHON)" -m benchmarks $(BENCH)

fuzz: $(FUZZ) $(COLLECTION) ## fuzz the parsers of the registry client, a minute each (PARSER= one)
	@"$(PYTHON)" -m tests.fuzz $(PARSER)

cluster-up: $(NODE) packages-cluster ## start the embedded cluster, building what is not cached
	@"$(PYTHON)" -m devcluster up

cluster-down: $(NODE) ## stop the embedded cluster, keep its data
	@"$(PYTHON)" -m devcluster down

cluster-status: $(NODE) ## tell what of the embedded cluster runs
	@"$(PYTHON)" -m devcluster status

# The interpreter that takes the cluster down lies in .venv, so .venv goes last.
clean: $(NODE) ## stop the embedded cluster, remove its data and all caches of this checkout
	@"$(PYTHON)" -m devcluster clean
	@rm -rf .build .ansible .hypothesis .mypy_cache .pytest_cache .ruff_cache .coverage
	@find . -name __pycache__ -not -path './.venv/*' -not -path './.git/*' -prune -exec rm -rf {} +
	@rm -rf .venv
	@echo "clean: embedded cluster, .build, .venv and tool caches are gone"

$(RUNTIME):
	@.ci/venv requirements.txt "$@"

$(NODE): | $(RUNTIME)
	@.ci/venv requirements-cluster.txt "$@"

$(TOOLS): | $(NODE)
	@.ci/venv requirements-test.txt "$@"

$(FUZZ): | $(TOOLS)
	@.ci/venv requirements-fuzz.txt "$@"

$(AZURITE): | packages-molecule
	@.ci/azurite "$@"

# Ansible finds a collection by its folder's name, and a checkout may have any.
$(COLLECTION):
	@mkdir -p "$(@D)" && ln -sfn ../../.. "$@"

inventory-there:
	@test -e "$(INVENTORY)" || { echo "INVENTORY=$(INVENTORY) is not there. For a cluster of your own, edit inventory/own or" \
	  "copy a folder of inventory/examples, and name it: make provision INVENTORY=path"; exit 1; }

packages-cluster:
	@.ci/packages runc iptables nft=nftables conntrack ip=iproute2 busybox=busybox-static haproxy unshare=util-linux

packages-faults:
	@.ci/packages haproxy nginx=nginx-light unshare=util-linux

packages-test:
	@.ci/packages skopeo podman shellcheck

# The node's root is layered over this machine's: what scripts call there must be here.
packages-molecule:
	@.ci/packages node=nodejs npm wget dpkg-deb=dpkg

# Peers of the benchmarks: jq counts, nginx redirects. taskset gives each of them a core.
packages-bench:
	@.ci/packages jq curl nginx=nginx-light taskset=util-linux
