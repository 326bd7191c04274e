# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells which node has which image of an image cache."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_cache_sync_info
short_description: Tell which node has which image of an image cache
version_added: 1.0.0
author:
  - clusterdepot developers (@clusterdepot)
description:
  - Reads what M(clusterdepot.artifacts.image_cache_sync) has set up, and tells for each node and image
    whether it is cached, being pulled, failed, stale or not scheduled. It never changes anything,
    and no failure of an image makes it fail.
extends_documentation_fragment:
  - clusterdepot.artifacts._image_cache
  - clusterdepot.artifacts._kube
attributes:
  check_mode:
    description: It only reads, with and without it.
    support: full
  diff_mode:
    description: There is no difference to show.
    support: none
seealso:
  - module: clusterdepot.artifacts.image_cache_sync
"""

EXAMPLES = r"""
- name: Look which node has which image
  clusterdepot.artifacts.image_cache_sync_info:
  register: cache

- name: Name the images that failed on some node
  ansible.builtin.debug:
    msg: "{{ cache.images | selectattr('totals.failed', 'gt', 0) | map(attribute='reference') | list }}"

- name: Look only for what is not well, on a large cluster
  clusterdepot.artifacts.image_cache_sync_info:
    digests: false
"""

RETURN = r"""
images:
  description: Each image of the cache, and where it is.
  returned: always
  type: list
  elements: dict
  contains:
    reference:
      description: The image.
      type: str
      sample: docker.io/library/ubuntu:22.04
    expected_digest:
      description: What the registry had when it was asked last; empty where it was not or could not be asked.
      type: str
    nodes:
      description:
        - The number of nodes that are to have it. A node that two entries of the list fit counts twice.
      type: int
      sample: 2000
    totals:
      description: The number of nodes in each state.
      type: dict
      sample: {cached: 1998, pulling: 0, failed: 2, stale: 0, unscheduled: 0}
    groups:
      description: The nodes, those of the same state, digest, reason and message together.
      type: list
      elements: dict
      contains:
        state:
          description: V(cached), V(pulling), V(failed), V(stale) or V(unscheduled).
          type: str
        digest:
          description: What these nodes have, as the kubelet told it; empty where it did not.
          type: str
        reason:
          description: The kubelet's or the scheduler's word for it, such as V(ErrImagePull).
          type: str
        message:
          description: What it says.
          type: str
        nodes:
          description: Their names.
          type: list
          elements: str
nodes:
  description: How many of its images are in each state, by node. States without any are left out.
  returned: always
  type: dict
  sample: {node-1: {cached: 49, failed: 1}}
totals:
  description: The number of pairs of node and image in each state.
  returned: always
  type: dict
  sample: {cached: 99998, pulling: 0, failed: 2, stale: 0, unscheduled: 0}
excluded:
  description: The nodes that get no images because of a taint that the pods do not tolerate, with the taint.
  returned: always
  type: dict
  sample: {control-1: 'taint node-role.kubernetes.io/control-plane:NoSchedule is not tolerated'}
slowest:
  description: The pull that has been going on for the longest time; V(null) where there is none.
  returned: always
  type: dict
  sample: {node: node-17, reference: 'docker.io/library/ubuntu:22.04', since: '2026-11-21T09:00:00Z'}
percent_cached:
  description: How many percent of the pairs are cached.
  returned: always
  type: float
warnings:
  description: Says so where there is no such cache.
  returned: if there is something
  type: list
  elements: str
table:
  description: The lines that are shown in the terminal.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import run_module
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.image_cache_sync_info import (
    ARGUMENT_SPEC,
    run,
)


def main() -> None:
    """Run the module."""
    run_module(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
