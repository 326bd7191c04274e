# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells which route of an artifact router answers a request, and why."""

from __future__ import annotations

DOCUMENTATION = r"""
module: artifact_route_info
short_description: Tell which route of an artifact router answers a request, and why
version_added: 1.0.0
author:
  - clusterdepot developers (@clusterdepot)
description:
  - Reads the routes of a router, or takes them from O(file), O(routes) or O(backends) without a cluster,
    and tells for each of the O(requests) what the router answers, by which route, and why each earlier
    route does not. It never changes anything, and sends no request.
options:
  file:
    description:
      - A file on the machine that runs the module, of YAML or JSON, with C(routes) or C(backends) and,
        if need be, C(settings), to be taken instead of those in the cluster.
    type: path
  settings:
    description:
      - What holds for all routes of the router, where they do not come from the cluster. C(methods),
        C(trusted_proxies), C(client_address_header), C(client_headers), C(oci) and C(route_header), as the
        variables of the role have them.
    type: dict
  requests:
    description:
      - The requests that are asked about. None is sent.
    type: list
    elements: dict
    default: []
    suboptions:
      method:
        description:
          - The method.
        type: str
        default: GET
      path:
        description:
          - The path, with the query if there is one, as a client sends it.
        type: str
        required: true
      headers:
        description:
          - The headers, each with its value, or the values of its lines.
        type: dict
        default: {}
      client:
        description:
          - The address that the request comes from.
        type: str
        default: 127.0.0.1
  httproute:
    description:
      - Gives the routes also as HTTPRoutes of the Gateway API. It fails, with all reasons, where these would
        not mean the same.
    type: dict
    suboptions:
      name:
        description:
          - The name of the first HTTPRoute. Further ones have a number added.
        type: str
        required: true
      namespace:
        description:
          - Their namespace.
        type: str
        required: true
      parents:
        description:
          - The Gateways they belong to, as C(parentRefs).
        type: list
        elements: dict
        required: true
      extended_codes:
        description:
          - Whether the gateway knows the codes 303, 307 and 308, which came with Gateway API 1.5.
        type: bool
        default: false
extends_documentation_fragment:
  - clusterdepot.artifacts._artifact_route
  - clusterdepot.artifacts._kube
attributes:
  check_mode:
    description: It only reads, with and without it.
    support: full
  diff_mode:
    description: There is no difference to show.
    support: none
seealso:
  - module: clusterdepot.artifacts.artifact_route
"""

EXAMPLES = r"""
- name: Ask the router's routes where a client would be sent
  clusterdepot.artifacts.artifact_route_info:
    requests:
      - path: /kops/1.30/linux/amd64/kops?x=1
      - path: /v2/library/busybox/manifests/latest
        headers:
          X-Real-Ip: 10.0.0.1
        client: 10.1.2.3

- name: Look, without a cluster, at what a file says
  clusterdepot.artifacts.artifact_route_info:
    file: artifactserver-config.yaml
    requests:
      - path: /kops/

- name: Give the routes as HTTPRoutes
  clusterdepot.artifacts.artifact_route_info:
    httproute:
      name: artifacts
      namespace: gateways
      parents:
        - name: public
  register: routes
"""

RETURN = r"""
answers:
  description: What the router answers, in the order of O(requests).
  returned: always
  type: list
  elements: dict
  contains:
    request:
      description: The request, as it was given.
      type: dict
    code:
      description: The status.
      type: int
      sample: 302
    location:
      description: Where the client is sent; empty where it is not.
      type: str
      sample: https://kubeupv2.s3.amazonaws.com/kops/1.30/linux/amd64/kops?x=1
    route:
      description: The route that answers; empty where none does.
      type: str
      sample: kops
    client:
      description: The address that the request is taken to come from.
      type: str
    reason:
      description: Why no route answers; empty where one does.
      type: str
    misses:
      description: The earlier routes, and why each of them does not answer.
      type: list
      elements: dict
      contains:
        route:
          description: Its name.
          type: str
        reason:
          description: The first of its conditions that does not hold.
          type: str
routes:
  description: The routes, in their order.
  returned: always
  type: list
  elements: dict
httproutes:
  description: The HTTPRoutes, as M(clusterdepot.artifacts.kube_apply) takes them.
  returned: if O(httproute) is given
  type: list
  elements: dict
warnings:
  description: What is ambiguous or can never answer.
  returned: if there is something
  type: list
  elements: str
faults:
  description: All that is wrong with the input.
  returned: if there is something wrong
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
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.artifact_route_info import (
    ARGUMENT_SPEC,
    run,
)


def main() -> None:
    """Run the module."""
    run_module(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
