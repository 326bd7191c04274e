#!/bin/sh
# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Gives Ansible what the embedded cluster says about itself, as the variable cluster_facts of the host embedded.
# Read once a run: a lookup in group_vars would be done again for each use, which took 0.4 s of a provision.

set -eu

state="${CLUSTERDEPOT_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/clusterdepot}"
path="${CLUSTERDEPOT_CLUSTER_FACTS:-$state/cluster.json}"
facts="\"{{ undef(hint='the embedded cluster was never up: $path is missing; run: make cluster-up') }}\""
if [ -r "$path" ]; then
    facts="$(cat "$path")"
fi
printf '{"_meta": {"hostvars": {"embedded": {"cluster_facts": %s}}}, "controllers": {"hosts": ["embedded"]}}\n' "$facts"
