# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a script on the nodes of a cluster, once for each content, and tells what came of it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: node_action
short_description: Run a script on the nodes of a cluster, once for each content
version_added: 1.0.0
author:
  - clusterdepot developers (@clusterdepot)
description:
  - Runs a script as root on each node that is selected, by a Job for each node that ends with the script. It
    is run once for each content, which is the script, its arguments, its variables and the packages that it
    may ask for, and where no checksum tells what these are, the storage that they are in. A node on which
      that was done before costs no pod.
  - Nodes come in batches, after a canary. After too many failures no other node is begun.
  - If O(storage) is given, its packages are served to the script on the node's loopback address, under
    C(http://localhost:PORT/pkg/NAME/TAG), for as long as the script runs.
  - What came of it is in RV(nodes), in an annotation of each node, and in an Event about it, with exit code,
    duration and last lines. A run that was interrupted is completed by the next one, which takes over the
    Jobs that it finds. Of those with another content it deletes what has not begun, and waits for the rest.
  - All faults of the options are told at once, before anything is asked or changed.
  - Where the connection is local, the module runs inside the controller and prints progress lines.
options:
  name:
    description:
      - The name of the action, of at most 40 lower-case letters, digits and C(-). It is the same action on a
        node whatever the namespace.
    type: str
    required: true
  namespace:
    description:
      - The namespace of the pods, which must exist and allow privileged pods. The role
        P(clusterdepot.artifacts.package_server#role) makes it.
    type: str
    default: package-server
  state:
    description:
      - V(present) runs the script where it was not run, or where something else was run, or where it failed.
      - V(absent) runs O(absent_script), if there is one, where the action was run, and removes what is kept
        of it on the node, its annotation, its DaemonSet and its other objects. The task fails where that
        cannot be done on a node on which it was run, as while that is not ready.
    type: str
    choices: [present, absent]
    default: present
  mode:
    description:
      - V(jobs) runs the action on the nodes that there are now.
      - V(daemonset) leaves a DaemonSet that runs it on nodes that come later, too. Its pods give up their
        privilege when the script has ended. On a first run all nodes begin at once; when the action changes,
        or where it failed before, O(max_parallel) of them do. Its pods are on cordoned nodes, too.
        After O(max_fail) failures, or once so many pods have failed that its controller goes no further, it
        is stopped until the next run, by the update strategy C(OnDelete).
    type: str
    choices: [jobs, daemonset]
    default: jobs
  script:
    description:
      - The text of the script, for bash, or sh where the node has no bash. It is required with
        O(state=present), unless O(scripts) is given.
    type: raw
  scripts:
    description:
      - Scripts by their keys, as the data of a ConfigMap. The first of O(arguments) tells which one is run.
    type: raw
  absent_script:
    description:
      - The text of the script that takes the action back.
    type: raw
  arguments:
    description:
      - The arguments of the script, a list of the action and the storage account, which may be left out.
      - If it is not given, it is O(name), and the account of O(storage) if that is Azure's.
    type: raw
  packages:
    description:
      - A list of packages, each as C(name/tag), that are fetched before the script runs. It finds them in the
        folder E(PKG_DIR), under C(name/tag).
    type: raw
  variables:
    description:
      - Variables of the script's environment. They reach the pod as files of a Secret.
      - With O(state=absent) they are for O(absent_script), and do nothing without it.
      - Where a value, or a line of it, has at least four characters, it is taken out of what is told of the
        script's output.
    type: dict
  node_namespaces:
    description:
      - The namespaces of the node, as Linux has them, in which the script is run. A list of V(mount), which
        is needed, V(uts), V(ipc), V(net) and V(pid). If it is not given, it is V(mount) alone.
    type: raw
  time_limit:
    description:
      - How long the script may take, in seconds.
    type: int
    default: 1800
  force:
    description:
      - Whether the script is run where it was done before, too. With O(state=absent), whether that is run
        where nothing tells that the action was run.
      - With O(mode=daemonset) and O(state=present) that is refused, since a pod would be forced whenever it
        is started.
    type: bool
    default: false
  catalogue:
    description:
      - The packages, as the text of C(packages.toml), as the same in a dictionary, or as a list of
        dictionaries with the keys C(name), C(tag), C(path) and C(sha256).
      - If it is not given or empty, the file C(packages.toml) of the storage is used.
    type: raw
  storage:
    description:
      - Where the packages are. If it is not given, no packages are served.
      - C(type) is V(azureblob), V(s3), V(gcs), V(http) or V(local). Required.
      - C(account), C(container) (V(pkg) if it is not given), C(endpoint) and C(client_id) are for
        V(azureblob).
      - C(bucket) is for V(s3) and V(gcs); C(region), C(endpoint) and C(provider), by rclone's name, for
        V(s3).
      - C(url) is for V(http), C(path) for V(local), a folder of each node.
      - C(prefix) is a folder inside of it.
      - C(identity) is V(none), V(node) or V(workload), for the clouds.
      - C(secret) is the name of a Secret in O(namespace) with the credentials. Its keys are V(account_key) or
        V(sas_url) for V(azureblob), V(access_key_id), V(secret_access_key) and V(session_token) for V(s3),
        V(service_account_credentials) for V(gcs), and V(headers) for V(http).
      - C(ca_secret) is the name of a Secret whose key C(ca.crt) has the certificates to trust.
    type: dict
  port:
    description:
      - The port of the node's loopback address for the packages. If it is not given, one from V(20000) to
        V(29999) is chosen by O(name). It does nothing without O(storage).
    type: int
  selector:
    description:
      - Labels of the nodes that are meant. If it is not given, all are.
    type: dict
  tolerations:
    description:
      - Tolerations of the pods, as in a pod's specification. Nodes with other taints are not run on.
    type: list
    elements: dict
  canary:
    description:
      - How many nodes, or a list of which ones, have to be done before any other one is begun. If one of them
        fails, no other node is begun. If it is not given, that is one node.
    type: raw
  max_parallel:
    description:
      - How many nodes run at once, as a number or as a percentage of those that are to run.
    type: raw
    default: 10
  max_fail:
    description:
      - How many nodes may fail, as a number or as a percentage, before no other one is begun. The task fails
        if one node does, in any case.
    type: raw
    default: 0
  cordon:
    description:
      - V(cordon) keeps new pods from a node while the action runs there; V(drain) takes the others away
        before.
      - The node is uncordoned in the end if this has cordoned it, which the annotation
        C(actions.clusterdepot.io/cordoned.by) tells. One that was cordoned before is not run on,
        unless O(tolerations) allow it; then it stays cordoned.
    type: str
    choices: [none, cordon, drain]
    default: none
  drain:
    description:
      - How a node is drained, with O(cordon=drain). PodDisruptionBudgets are respected.
      - C(timeout) is how long that may take for one node, in seconds, V(300) if it is not given.
      - C(delete_emptydir_data) allows to take pods away that lose files by that.
      - C(unmanaged) allows to take pods away that nobody makes anew.
    type: dict
  start_timeout:
    description:
      - How long a pod may be unable to start, in seconds, and how long the API server may be away.
    type: int
    default: 300
  catalogue_timeout:
    description:
      - How long it may take to get the catalogue and the packages that are fetched first, in seconds. It does
        nothing without O(storage).
    type: int
    default: 120
  server_timeout:
    description:
      - How long the script waits for the package server, in seconds. It does nothing without O(storage).
    type: int
    default: 60
  lock_timeout:
    description:
      - How long another run of the same action is waited for, in seconds, on a node, and before this one
        begins. Runs of an action in one O(namespace) come one after the other, by a Lease; that of a run
        that was killed lapses after a minute. Whether it was killed shows only then, so this takes a minute
        at least where the Lease is not renewed.
    type: int
    default: 300
  refresh:
    description:
      - How often the catalogue in the storage is read again, in seconds. V(0) reads it once. It does nothing
        without O(storage).
    type: int
    default: 60
  rclone_image:
    description:
      - An image with rclone and a shell. It does nothing without O(storage).
    type: str
    default: docker.io/rclone/rclone:1.75
  haproxy_image:
    description:
      - An image with HAProxy, 2.6 or later, and a shell. It does nothing without O(storage).
    type: str
    default: docker.io/library/haproxy:2.6
  action_image:
    description:
      - An image with a shell and C(nsenter), as busybox and util-linux have it.
    type: str
    default: docker.io/library/busybox:1.36
  image_pull_secrets:
    description:
      - Names of Secrets in O(namespace) for pulling these images.
    type: list
    elements: str
    default: []
  priority_class:
    description:
      - Name of the PriorityClass of the pods.
    type: str
  service_account:
    description:
      - Name of the service account of the pods, for C(storage.identity=workload). No container gets a token
        for the API server.
    type: str
  pod_files:
    description:
      - The scripts of the pods. The action plugin fills this in; it is not to be given.
    type: dict
extends_documentation_fragment:
  - clusterdepot.artifacts._kube
attributes:
  check_mode:
    description: Whether check mode tells what would change, and changes nothing.
    support: full
    details:
      - It tells on which nodes the script would run, each with the reason.
      - A namespace, a Secret or a service account that is missing is a warning then.
  diff_mode:
    description: Whether the difference is shown in diff mode.
    support: full
    details:
      - It shows for each node what its annotation tells before and after.
  idempotent:
    description: Whether the same task changes nothing when it is run again.
    support: full
    details:
      - With O(force=true) it runs again.
seealso:
  - module: clusterdepot.artifacts.image_cache_sync
"""

EXAMPLES = r"""
- name: Set a kernel parameter on all nodes
  clusterdepot.artifacts.node_action:
    name: inotify
    script: |
      set -eu
      echo "fs.inotify.max_user_watches = 524288" > /etc/sysctl.d/80-inotify.conf
      sysctl -p /etc/sysctl.d/80-inotify.conf
    absent_script: rm -f /etc/sysctl.d/80-inotify.conf

- name: Install a package out of a storage of Azure, five nodes at once, each of them drained before
  clusterdepot.artifacts.node_action:
    name: mypackage
    script: |
      set -eu
      file="$(mktemp)"
      curl -fsS -o "$file" "$PKG_SERVE_URL/pkg/mypackage/latest"
      dpkg -i "$file"
      rm -f "$file"
    storage:
      type: azureblob
      account: mystorageaccount
      secret: packages
    selector:
      pool: compute
    max_parallel: 5
    max_fail: 10%
    cordon: drain

- name: Take an action back
  clusterdepot.artifacts.node_action:
    name: inotify
    state: absent
    absent_script: rm -f /etc/sysctl.d/80-inotify.conf
"""

RETURN = r"""
nodes:
  description: What came of it on each node that is selected, by name.
  returned: always, as far as things went
  type: list
  elements: dict
  contains:
    node:
      description: Its name.
      type: str
    state:
      description:
        - V(done), V(unchanged), V(failed), V(lost), V(refused) or V(not started); in check mode V(would run).
        - V(lost) is where the script was begun, and nobody can tell how it ended.
        - V(refused) is where it should run and cannot.
        - V(running) is only where the task itself was ended by an error.
      type: str
    code:
      description: The exit code of the script; V(null) where it did not end by itself.
      type: int
    seconds:
      description: How long it took.
      type: float
    reason:
      description: Why it failed, was not run, or would be run.
      type: str
    output:
      description: The last lines that it wrote.
      type: str
  sample:
    - {node: node-1, state: done, code: 0, seconds: 4.2, reason: '', output: 'Setting up mypackage'}
counts:
  description: How many nodes are in each state; states without any are left out.
  returned: always, as far as things went
  type: dict
  sample: {done: 998, failed: 2}
content_hash:
  description: The SHA-256 of what was run, as the nodes' annotation tells it.
  returned: always, as far as things went
  type: str
uncordoned:
  description: Nodes that an interrupted run had left cordoned, and which were uncordoned by this one.
  returned: always, as far as things went
  type: list
  elements: str
pruned:
  description: Objects of the action that nothing needs any more, and were deleted. This is no change.
  returned: always, as far as things went
  type: list
  elements: str
  sample: [configmap/inotify-4d1f0c2a9b7e]
faults:
  description: Each reason why nothing was begun.
  returned: when something given cannot be used
  type: list
  elements: str
  sample: ["storage.bucket: is missing"]
table:
  description: The lines that are shown in the terminal.
  returned: always, as far as things went
  type: list
  elements: str
warnings:
  description: What does not fail the task, but should be known.
  returned: if there is something
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.hidden import HIDDEN
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import Progress, run_module
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.node_action import (
    ARGUMENT_SPEC,
    run,
)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    given = module.params
    # The task itself takes values out of what scripts told. AnsibleModule would cut them out of everything,
    # be it the number of nodes, where a variable's value is 1.
    module.no_log_values.clear()
    hidden = dict.fromkeys(given["variables"] or {}, HIDDEN)
    module.params = {**given, "variables": hidden, "pod_files": None}

    def run_given(parameters: dict[str, Any], *, check_mode: bool, progress: Progress) -> dict[str, Any]:
        own = {key: given[key] for key in ("variables", "pod_files")}
        return run({**parameters, **own}, check_mode=check_mode, progress=progress)

    run_module(module, run_given)


if __name__ == "__main__":
    main()
