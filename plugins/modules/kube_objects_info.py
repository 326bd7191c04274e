# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads several Kubernetes objects at once."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kube_objects_info
short_description: Read several Kubernetes objects at once
version_added: 1.0.0
author:
  - clusterdepot developers (@clusterdepot)
description:
  - Reads objects of any kinds, by name or by label, in one task and over one connection, all at the same
    time.
  - What is not there is left out, and so is what the API server knows no kind of, since the objects of a
    CustomResourceDefinition that is not there are not there either.
  - Where the connection is local, the module runs inside the controller.
  - By what can be no name, or no namespace, such as V(""), nothing is found.
  - What it returns is shown by Ansible like any result. Where Secrets are among it, set C(no_log).
options:
  objects:
    description:
      - What shall be read.
    type: list
    elements: dict
    required: true
    suboptions:
      api_version:
        description:
          - The API group and version.
        type: str
        default: v1
      kind:
        description:
          - The kind.
        type: str
        required: true
      namespace:
        description:
          - The namespace; if not set, objects are read from all namespaces, and O(objects[].name) cannot be
            used.
          - It does not count for kinds without namespaces.
        type: str
      name:
        description:
          - The name; if not set, all objects of the kind are read that have the labels.
        type: str
      label_selectors:
        description:
          - Label selectors, such as V(app=registry), all of which must hold.
        type: list
        elements: str
        default: []
extends_documentation_fragment:
  - clusterdepot.artifacts._kube
attributes:
  check_mode:
    description: Whether the module can be used in check mode.
    support: full
    details:
      - It changes nothing.
  diff_mode:
    description: Whether the difference is shown in diff mode.
    support: none
    details:
      - It changes nothing.
  idempotent:
    description: Whether the same task changes nothing when it is run again.
    support: full
"""

EXAMPLES = r"""
- name: Look at the registry, and at what it keeps its images in
  clusterdepot.artifacts.kube_objects_info:
    kubeconfig: ~/.kube/config
    objects:
      - api_version: apps/v1
        kind: Deployment
        namespace: docker-registry
        name: docker-registry
      - kind: PersistentVolumeClaim
        namespace: docker-registry
        label_selectors: [app.kubernetes.io/managed-by=clusterdepot.artifacts]
  register: found

- name: Tell what there is
  ansible.builtin.debug:
    msg: "{{ found.resources | map(attribute='metadata.name') }}"
"""

RETURN = r"""
resources:
  description: What there is, in the order in which it was asked for.
  returned: success
  type: list
  elements: dict
  sample: [{apiVersion: v1, kind: Service, metadata: {name: docker-registry, namespace: docker-registry}}]
unknown_kinds:
  description: The versions and kinds that the API server does not know.
  returned: success
  type: list
  elements: str
  sample: [cert-manager.io/v1 ClusterIssuer]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import run_module
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.kube_objects_info import (
    ARGUMENT_SPEC,
    run,
)


def main() -> None:
    """Run the module."""
    run_module(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
