# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps images on all nodes, and tells which node has which."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_cache_sync
short_description: Keep images on the nodes of a cluster, and tell which node has which
version_added: 1.0.0
author:
  - clusterdepot developers (@clusterdepot)
description:
  - Makes the kubelets pull images and keep them, by DaemonSets whose containers use the images and do
    nothing. No container runtime's socket, no host path, no privilege and no service account is involved.
  - Images that left the list are given up. The kubelet removes them when it needs the room.
  - Waits, and tells for each node and image whether it is cached, being pulled, failed, stale or not
    scheduled, with reason and digest as the kubelet tells them.
  - Images with a tag, not a digest, are asked for again at the registry by the nodes themselves, so that
    they are at most O(interval) seconds old while the registry answers. New nodes are served
    without another run.
  - All faults of the list are reported at once, before anything is changed.
options:
  images:
    description:
      - The images to keep on the nodes, each as a reference, or as a dictionary.
      - C(ref) is the reference, the same as the workloads use. Required.
      - C(pull_secret) is the name of a secret of type C(kubernetes.io/dockerconfigjson) in O(namespace).
      - C(nodes.selector) has the labels of the nodes that shall have it.
      - C(platforms) is a list such as C([linux/amd64]), of the nodes that shall have it. If it is not given,
        it is what the image is made for, if O(resolve) is true.
      - C(strategy) is as O(strategy), for this image.
    type: list
    elements: raw
    default: []
  jarvice_images:
    description:
      - The images in the form of JARVICE's file C(image.config), as JSON text or as a list.
      - May be given together with O(images).
    type: raw
  interval:
    description:
      - How old a moving tag may be on a node, in seconds, while the registry answers.
      - V(0) asks the registry only when a pod starts. The least otherwise is V(60).
    type: raw
    default: 3600
  strategy:
    description:
      - How an image is used. V(sleeper) runs a static binary from O(sleeper_image) in the image's own file
        system. The kubelet then tells which digest the node has.
      - V(volume) mounts the image as a read-only volume of a container of O(sleeper_image). That is for
        artifacts that cannot be run as a container. Kubernetes does not tell the digest then. It needs
        Kubernetes 1.35 and a container runtime that can do it, which is tried out first. Where it cannot,
        V(sleeper) is used and a warning given.
    type: str
    choices: [sleeper, volume]
    default: sleeper
  images_per_pod:
    description:
      - How many images one pod keeps at most, from 1 to 100. Images of a pod are pulled one after another.
        Images of different registries are never in one pod.
    type: int
    default: 10
  sleeper_image:
    description:
      - An image with a static busybox at C(/bin/busybox), for all architectures of the cluster.
    type: str
    default: docker.io/library/busybox:1.36-musl
  image_pull_secrets:
    description:
      - Names of secrets in O(namespace) for pulling O(sleeper_image).
    type: list
    elements: str
    default: []
  tolerations:
    description:
      - Tolerations of the pods, as in a pod's specification.
    type: list
    elements: dict
    default: []
  node_selector:
    description:
      - Labels of the nodes that shall have images.
    type: dict
    default: {}
  priority_class:
    description:
      - Name of the PriorityClass of the pods.
    type: str
  resolve:
    description:
      - Whether to ask the registries, from where the module runs, what a tag points at. It makes it
        possible to tell stale images, to restrict an image to the architectures it is made for, and to tell
        how much will be pulled.
      - A registry that does not answer is a warning, no failure.
    type: bool
    default: true
  resolve_timeout:
    description:
      - How long asking the registries may take in all, in seconds.
    type: float
    default: 60
  registries:
    description:
      - How to reach registries for O(resolve). Those not listed are reached by https under their own name,
        with the machine's certificate authorities.
    type: list
    elements: dict
    default: []
    suboptions:
      registry:
        description: The registry's C(host[:port]) as references name it.
        type: str
        required: true
      endpoint:
        description:
          - The URL to ask instead, such as a mirror's. A path is put before the repository's name.
        type: str
      ca:
        description: Certificates of the authorities to trust, as PEM text.
        type: str
      ca_path:
        description: The same as a file.
        type: path
      ca_secret:
        description: The same as the key C(ca.crt) of a secret.
        type: dict
        suboptions:
          namespace:
            description: The secret's namespace.
            type: str
            required: true
          name:
            description: The secret's name.
            type: str
            required: true
      validate_certs:
        description: Whether to check the certificate.
        type: bool
        default: true
  wait:
    description:
      - Whether to wait until nothing is being pulled any more.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait, in seconds.
    type: float
    default: 600
  failure_grace:
    description:
      - How long failures may last before they end the wait when nothing else is being pulled, in seconds.
    type: float
    default: 20
  success_threshold:
    description:
      - How many percent of what is wanted must be cached for the task not to fail.
    type: float
    default: 100
  allowed_failures:
    description:
      - References of images that may fail. They do not count for O(success_threshold).
    type: list
    elements: str
    default: []
  disk_factor:
    description:
      - How many times the compressed size of an image a node needs for it, for the warning that a node's file
        system is too small.
    type: float
    default: 3
  startup_taint:
    description:
      - A taint, as C(key), C(key:Effect) or C(key=value:Effect), that nodes carry until their images are
        there. The pods of the cache tolerate it, and it is removed from each node that has all its images.
    type: str
extends_documentation_fragment:
  - clusterdepot.artifacts._image_cache
  - clusterdepot.artifacts._kube
attributes:
  check_mode:
    description: Whether check mode tells what would change, and changes nothing.
    support: full
    details:
      - It also tells RV(additions), RV(removals) and RV(bytes_to_pull).
  diff_mode:
    description: Whether the difference is shown in diff mode.
    support: full
  idempotent:
    description: Whether the same task changes nothing when it is run again.
    support: full
    details:
      - A tag that moved in the registry meanwhile is a change.
seealso:
  - module: clusterdepot.artifacts.image_cache_sync_info
"""

EXAMPLES = r"""
- name: Keep two images on all nodes
  clusterdepot.artifacts.image_cache_sync:
    images:
      - docker.io/library/ubuntu:22.04
      - ref: registry.example.com/shop/web:1.4
        pull_secret: shop
        nodes:
          selector:
            pool: shop

- name: Take JARVICE's file as it is, and accept that one image is missing
  clusterdepot.artifacts.image_cache_sync:
    jarvice_images: "{{ lookup('ansible.builtin.file', 'image.config') }}"
    interval: 300
    allowed_failures:
      - docker.io/kenhill/abc123:test

- name: Give all images up
  clusterdepot.artifacts.image_cache_sync:
    images: []
"""

RETURN = r"""
images:
  description: Each wanted image, and where it is.
  returned: always, as far as things went
  type: list
  elements: dict
  contains:
    reference:
      description: The image.
      type: str
      sample: docker.io/library/ubuntu:22.04
    expected_digest:
      description: What the registry has; empty where it was not or could not be asked.
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
  returned: always, as far as things went
  type: dict
  sample: {node-1: {cached: 49, failed: 1}}
totals:
  description: The number of pairs of node and image in each state.
  returned: always, as far as things went
  type: dict
  sample: {cached: 99998, pulling: 0, failed: 2, stale: 0, unscheduled: 0}
excluded:
  description: The nodes that get no images because of a taint that the pods do not tolerate, with the taint.
  returned: always, as far as things went
  type: dict
  sample: {control-1: 'taint node-role.kubernetes.io/control-plane:NoSchedule is not tolerated'}
slowest:
  description: The pull that has been going on for the longest time; V(null) where there is none.
  returned: always, as far as things went
  type: dict
  sample: {node: node-17, reference: 'docker.io/library/ubuntu:22.04', since: '2026-11-21T09:00:00Z'}
percent_cached:
  description: How many percent of the pairs are cached, RV(totals) less what may fail.
  returned: always, as far as things went
  type: float
additions:
  description: The images that the nodes got or, in check mode, would get, each with the number of nodes.
  returned: always, as far as things went
  type: list
  elements: dict
  contains:
    reference:
      description: The image.
      type: str
    nodes:
      description: The number of nodes.
      type: int
removals:
  description: The images that are or, in check mode, would be given up.
  returned: always, as far as things went
  type: list
  elements: str
bytes_to_pull:
  description:
    - How many octets each node would pull, by node, as far as the registries told sizes. Layers that several
      images share count once, those of an older image that the node has under a moved tag not at all.
  returned: in check mode
  type: dict
untainted:
  description: The nodes from which O(startup_taint) was or, in check mode, would be removed.
  returned: if O(startup_taint) is given
  type: list
  elements: str
waited_seconds:
  description: How long the images took.
  returned: not in check mode
  type: float
objects:
  description: What happened to each DaemonSet.
  returned: always, as far as things went
  type: list
  elements: dict
  contains:
    api_version:
      description: V(apps/v1).
      type: str
    kind:
      description: V(DaemonSet).
      type: str
    namespace:
      description: The namespace of the cache.
      type: str
    name:
      description: The DaemonSet's name.
      type: str
    action:
      description:
        - What was done, or in check mode would be done.
        - V(absent) is what did not exist in the first place.
      type: str
      choices: [created, configured, unchanged, deleted, absent]
faults:
  description: Each reason why nothing was begun.
  returned: when something given cannot be used
  type: list
  elements: str
  sample: ["name: 'No_Name' is no DNS label of at most 20 characters"]
table:
  description:
    - The lines that are shown in the terminal. In check mode these tell first what would come and go.
  returned: always, as far as things went
  type: list
  elements: str
warnings:
  description: What does not fail the task, but should be known.
  returned: if there is something
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import run_module
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.image_cache_sync import (
    ARGUMENT_SPEC,
    run,
)


def main() -> None:
    """Run the module."""
    run_module(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
