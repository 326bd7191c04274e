# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies a set of Kubernetes objects at once and waits for all of them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kube_apply
short_description: Apply a set of Kubernetes objects at once, and wait for all of them
version_added: 1.0.0
author:
  - clusterdepot developers (@clusterdepot)
description:
  - Applies many objects by one server-side apply each, in an order that suits their kinds, and then waits
    for all of them at the same time, saying why something is not ready.
  - Before anything is written, everything is judged, and all faults are reported at once. Unknown kinds,
    StorageClasses, issuers and namespaces, changes of a claim that Kubernetes does not allow, addresses
    outside of MetalLB's pools or held by another Service, replicas that share a claim for one node, and
    everything that the API server refuses in a dry run are faults. An Ingress whose class is not there is
    applied, with a warning.
  - Where the connection is local, the module runs inside the controller and prints progress lines.
options:
  objects:
    description:
      - The objects that shall exist, each with C(apiVersion), C(kind), C(metadata.name) and, where the kind
        has one, C(metadata.namespace).
      - Three annotations steer how an object is applied; they are not stored.
      - V(artifacts.clusterdepot.io/create-only) with the value V("true") applies the object only where
        there is none such.
      - V(artifacts.clusterdepot.io/rollout-on) on a workload, with a value such as
        V(secret/NAME,configmap/NAME), keeps a digest of the data of these objects of the same namespace in
        the workload's annotation V(artifacts.clusterdepot.io/rollout-hash), and replaces the pods, by the
        same annotation of the pod template, when the data changes.
      - V(artifacts.clusterdepot.io/data-from) on a ConfigMap or a Secret, with a value such as
        V(KEY=secret/NAMESPACE/NAME#SECRETKEY), fills C(data) from a Secret. V(KEY?=...) leaves the key out
        where the Secret lacks it. What is copied this way is never shown.
      - An object with such an annotation is applied as soon as what it names exists; a new workload at
        once, if what it names is promised by another object of the set, since its pods wait for that
        themselves. The Secret of a Certificate that is also given counts as existing once that Certificate
        is ready.
    type: list
    elements: dict
    default: []
  absent:
    description:
      - The objects that shall not exist, each with C(apiVersion), C(kind), C(metadata.name) and, where the
        kind has one, C(metadata.namespace). They are deleted before O(objects) are applied.
    type: list
    elements: dict
    default: []
  field_manager:
    description:
      - The name under which the API server records who owns a field.
    type: str
    default: clusterdepot.artifacts
  wait:
    description:
      - Whether to wait until all objects are ready and all O(absent) ones are gone.
      - Objects with late values are waited for anyway, as far as applying them needs it.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait for everything, in seconds.
    type: float
    default: 300
  failure_grace:
    description:
      - How long a failure, such as V(ImagePullBackOff), may last before it ends the wait, in seconds.
    type: float
    default: 20
extends_documentation_fragment:
  - clusterdepot.artifacts._kube
attributes:
  check_mode:
    description: Whether check mode tells what would change, and changes nothing.
    support: full
    details:
      - The API server is asked by a dry run.
  diff_mode:
    description: Whether the difference is shown in diff mode.
    support: full
    details:
      - Shows no status and nothing that the API server writes into metadata; values of Secrets are hidden.
  idempotent:
    description: Whether the same task changes nothing when it is run again.
    support: full
"""

EXAMPLES = r"""
- name: Create a namespace and a claim, and wait for them
  clusterdepot.artifacts.kube_apply:
    kubeconfig: ~/.kube/config
    objects:
      - apiVersion: v1
        kind: Namespace
        metadata:
          name: docker-registry
      - apiVersion: v1
        kind: PersistentVolumeClaim
        metadata:
          name: docker-registry
          namespace: docker-registry
        spec:
          accessModes: [ReadWriteOnce]
          resources:
            requests:
              storage: 5Gi

- name: Delete a Deployment, and wait until its pods are gone
  clusterdepot.artifacts.kube_apply:
    absent:
      - apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: docker-registry
          namespace: docker-registry
"""

RETURN = r"""
objects:
  description: What happened to each object, in the order given, O(objects) first.
  returned: always, as far as things went
  type: list
  elements: dict
  contains:
    api_version:
      description: The object's C(apiVersion).
      type: str
      sample: apps/v1
    kind:
      description: The object's kind.
      type: str
      sample: Deployment
    namespace:
      description: The object's namespace; empty for kinds without.
      type: str
      sample: docker-registry
    name:
      description: The object's name.
      type: str
      sample: docker-registry
    action:
      description:
        - What was done, or in check mode would be done.
        - V(absent) is what did not exist in the first place.
      type: str
      sample: configured
      choices: [created, configured, unchanged, deleted, absent]
waited_seconds:
  description: How long applying and waiting took; V(0) in check mode.
  returned: always, except when nothing was begun
  type: float
  sample: 4.2
faults:
  description: Each reason why nothing was begun.
  returned: when something given cannot be applied
  type: list
  elements: str
  sample: ['namespace "docker-registry", which service/docker-registry needs, does not exist']
reasons:
  description: The objects that were not ready, the cause of the failure first.
  returned: when something did not become ready
  type: list
  elements: dict
  contains:
    kind:
      description: The object's kind.
      type: str
      sample: Deployment
    namespace:
      description: The object's namespace; empty for kinds without.
      type: str
      sample: docker-registry
    name:
      description: The object's name.
      type: str
      sample: docker-registry
    message:
      description: Its state, and the first reason that its pods, conditions or events tell.
      type: str
      sample: "0 of 1 ready: pod docker-registry-7d4b9: ImagePullBackOff: Back-off pulling image"
    failing:
      description: Whether it is unlikely to become ready by itself.
      type: bool
      sample: true
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import run_module
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.kube_apply import (
    ARGUMENT_SPEC,
    run,
)


def main() -> None:
    """Run the module."""
    # Without no_log the objects, Secrets included, would be written to the system's log.
    run_module(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, no_log=True), run)


if __name__ == "__main__":
    main()
