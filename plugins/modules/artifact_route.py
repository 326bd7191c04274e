# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manages the routes of an artifact router, and rolls them out."""

from __future__ import annotations

DOCUMENTATION = r"""
module: artifact_route
short_description: Manage the routes of an artifact router
version_added: 1.0.0
author:
  - clusterdepot developers (@clusterdepot)
description:
  - Manages one route by its name, or the whole list, of a router that the role
    P(clusterdepot.artifacts.artifact_router#role) has made.
  - Everything is judged before anything is written, and all faults are told at once. New routes are rolled
    out by new pods, which check them before they take the place of the old ones. If they do not become
    ready, the routes that rolled out last are put back. Where others change routes at the same time,
    theirs may stay instead; the message then tells what is stored, and whether this has to be run again.
  - Without O(name), O(routes) and O(backends) the routes stay as they are, and a rollout that was
    interrupted is finished.
  - Where the connection is local, the module runs inside the controller and prints progress lines.
options:
  name:
    description:
      - The name of the route to manage, leaving the others as they are.
    type: str
  state:
    description:
      - Whether the route O(name) shall be there.
    type: str
    choices: [present, absent]
    default: present
  before:
    description:
      - The name of the route before which the route O(name) shall be. If neither this nor O(after) is
        given, a route keeps its place, and a new one comes last, but before the one without conditions.
    type: str
  after:
    description:
      - The name of the route after which the route O(name) shall be.
    type: str
  conditions:
    description:
      - When the route answers, as in O(routes). Without it, it answers all requests that no other route does.
    type: dict
  host:
    description:
      - The host that the client is sent to, by https, with a port if need be.
    type: str
  url:
    description:
      - The scheme, host, port and path prefix that the client is sent to, instead of O(host).
    type: str
  path_prefix:
    description:
      - What is put before the path of the request.
    type: str
  strip_prefix:
    description:
      - Whether the path condition that matched is first taken away from the path. The default is V(false).
    type: bool
  replace_path:
    description:
      - What takes the place of the whole path of the request, where the only path condition is a regular
        expression, whose groups are V(\\1) to V(\\9) in it.
    type: str
  code:
    description:
      - The status of the answer, one of 301, 302, 303, 307 and 308. The default is V(302).
    type: int
  wait:
    description:
      - Whether to wait until the new routes have been rolled out. Without it, routes whose rollout fails are
        not put back.
    type: bool
    default: true
  wait_timeout:
    description:
      - How long to wait for the rollout, in seconds.
    type: float
    default: 300
  failure_grace:
    description:
      - How long a failure of a new pod may last before it ends the wait, in seconds.
    type: float
    default: 20
extends_documentation_fragment:
  - clusterdepot.artifacts._artifact_route
  - clusterdepot.artifacts._kube
attributes:
  check_mode:
    description: Whether check mode tells what would change, and changes nothing.
    support: full
  diff_mode:
    description: Whether the difference is shown in diff mode.
    support: full
    details:
      - Shows the routes, not the configuration that they become.
  idempotent:
    description: Whether the same task changes nothing when it is run again.
    support: full
seealso:
  - module: clusterdepot.artifacts.artifact_route_info
"""

EXAMPLES = r"""
- name: Send what is below /kops to a bucket
  clusterdepot.artifacts.artifact_route:
    name: kops
    conditions:
      paths: [/kops]
    host: kubeupv2.s3.amazonaws.com

- name: Send the build machines to a mirror, before anything else is looked at
  clusterdepot.artifacts.artifact_route:
    name: build-mirror
    before: kops
    conditions:
      source_ranges: [10.20.0.0/16]
    url: https://mirror.example.org:8443/artifacts
    code: 307

- name: Have exactly these routes
  clusterdepot.artifacts.artifact_route:
    routes:
      - name: tools
        conditions:
          paths: [/tools]
        url: https://downloads.example.org/releases
        strip_prefix: true
      - name: everything-else
        host: registry.k8s.io

- name: Remove a route
  clusterdepot.artifacts.artifact_route:
    name: build-mirror
    state: absent

- name: Read the file of an artifactserver
  clusterdepot.artifacts.artifact_route:
    backends: "{{ lookup('ansible.builtin.file', 'artifactserver-config.yaml') | from_yaml }}"
"""

RETURN = r"""
routes:
  description: The routes, as they are now, in their order.
  returned: always, as far as things went
  type: list
  elements: dict
  sample: [{name: kops, conditions: {paths: [/kops]}, url: 'https://kubeupv2.s3.amazonaws.com'}]
configuration:
  description: The name of the ConfigMap with the configuration that these routes become.
  returned: always, as far as things went
  type: str
  sample: artifact-router-config-4d1f0c2a9b7e
pruned:
  description:
    - The ConfigMaps of earlier configurations that no pod can need any more, and were deleted. This is no
      change, so C(changed) does not tell it.
    - One that is younger than ten minutes stays, since somebody may be about to use it. A later run deletes
      it.
  returned: always, as far as things went
  type: list
  elements: str
warnings:
  description: What is ambiguous or can never answer.
  returned: if there is something
  type: list
  elements: str
faults:
  description: All that is wrong with the input. Nothing was changed.
  returned: if there is something wrong
  type: list
  elements: str
restored:
  description:
    - Whether the old routes were put back, after the new ones could not be rolled out.
    - C(msg) tells what is stored, where that is something else.
  returned: if the rollout failed
  type: bool
reasons:
  description: Why the rollout failed, by object, as M(clusterdepot.artifacts.kube_apply) tells it.
  returned: if the rollout failed
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import run_module
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.artifact_route import (
    ARGUMENT_SPEC,
    run,
)


def main() -> None:
    """Run the module."""
    run_module(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
