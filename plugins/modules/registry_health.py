# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: registry_health
short_description: Check that an image registry is healthy, and fail if it is not
version_added: 0.1.0
description:
  - Talks to the registry itself, by the OCI distribution protocol, and looks at its TLS certificate,
    its API, its login and, if asked to, at the images that must be in it and at pushing, pulling and
    deleting.
  - Every check ends with a status and a message with the likely cause. The whole call never takes
    longer than O(timeout).
author:
  - clusterdepot developers (@clusterdepot)
attributes:
  check_mode:
    description: As without it, but there is no round trip, so nothing is written.
    support: full
  diff_mode:
    description: There is no difference to show.
    support: none
options:
  round_trip:
    description:
      - Whether to push an image of O(round_trip_size) octets, pull it, compare it and delete it.
      - Where the registry does not delete, or these credentials may not, one image of a fixed content
        stays behind, however many times this is done.
      - The name of O(round_trip_repository) may stay in the registry's catalogue. Upload sessions
        that were broken off are cancelled.
      - It needs the checks V(connection), V(tls), V(api) and V(credentials); others may fail.
      - What is deleted in distribution takes space until its garbage collection runs.
    type: bool
    default: false
  round_trip_repository:
    description:
      - Repository for the round trip.
    type: str
    default: clusterdepot-health/probe
  round_trip_size:
    description:
      - Octets of random content that the image has, 1 to 10737418240. They are streamed, not held in memory.
      - Choose it larger than your largest layer to see whether a proxy in front limits the size of a request.
        If one does, smaller sizes are tried, without storing them, to tell the largest that passes. This ends
        with the first one where the registry verifies no digests and stores it.
    type: int
    default: 1024
  fail_when_unhealthy:
    description:
      - Whether the task fails if a check does. If not, look at RV(healthy).
    type: bool
    default: true
extends_documentation_fragment:
  - clusterdepot.artifacts._registry
seealso:
  - module: clusterdepot.artifacts.registry_health_info
"""

EXAMPLES = r"""
- name: Check a registry once, from the controller, whatever the hosts of the play are
  clusterdepot.artifacts.registry_health:
    url: https://registry.example.com
    ca_path: /etc/ssl/certs/own-ca.pem
  delegate_to: localhost
  run_once: true

- name: Check a public registry
  clusterdepot.artifacts.registry_health:
    url: https://registry.example.com

- name: Check a registry in the cluster, with what its secrets say, until it is up
  clusterdepot.artifacts.registry_health:
    url: https://172.17.1.62
    certificate_secret:
      namespace: docker-registry
      name: docker-registry-tls
    credentials_secret:
      namespace: docker-registry
      name: docker-registry-credentials
    round_trip: true
    retries: 10
    timeout: 60

- name: Check that every image of a release is there, whole, and for both kinds of nodes
  clusterdepot.artifacts.registry_health:
    url: https://registry.example.com
    docker_config: ~/.docker/config.json
    expect:
      - repository: shop/web
        tags: ["4.1", "4.2"]
        platforms: [linux/amd64, linux/arm64]
      - repository: shop/batch
        all_tags: true
    deep: true

- name: Find out whether layers of 200 MiB get through the proxy in front
  clusterdepot.artifacts.registry_health:
    url: https://registry.example.com
    credentials_secret:
      namespace: docker-registry
      name: docker-registry-credentials
    round_trip: true
    round_trip_size: 209715200
    timeout: 300

- name: Check every replica behind a name, and warn early
  clusterdepot.artifacts.registry_health:
    url: https://registry.example.com
    every_address: true
    min_days_left: 21
    fail_days_left: 3
    max_latency_ms: 250

- name: Check one of the addresses behind a name
  clusterdepot.artifacts.registry_health:
    url: https://registry.example.com
    address: 192.0.2.7
    username: probe
    password: "{{ probe_password }}"
"""

RETURN = r"""
healthy:
  description: Whether no check failed. Warnings and skipped checks do not count.
  returned: always
  type: bool
  sample: true
checks:
  description: The checks in their order.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description:
        - One of V(connection), V(tls), V(certificate_days_left), V(certificate_equals_secret), V(api),
          V(clock), V(credentials), V(anonymous_refused), V(wrong_credentials_refused),
          V(expected_references), V(blobs), V(catalog), V(referrers), V(latency) and V(round_trip).
        - Those of the certificate are left out with V(http://). With O(every_address) those up to V(api)
          come again for each address, named like V(tls[198.18.0.1]).
        - Where O(retries) are cut off by O(timeout), they are those of the last try that came to its end.
      type: str
    status:
      description: One of V(ok), V(warn), V(fail) and V(skipped).
      type: str
    latency_ms:
      description: Milliseconds that it took.
      type: float
    message:
      description: What was found, with the likely cause where it is not good.
      type: str
capabilities:
  description:
    - What the registry was seen to do, every key always there. C(authentication) is V(none), or
      V(basic) or V(bearer), or both with a comma between, or null where the check V(api) failed.
    - The others are true, false, or null where it is not known. C(catalog) needs O(catalog), C(referrers)
      O(expect) or a round trip, all others a round trip.
    - C(push) and C(delete) are false also where the registry could, but these credentials may not.
      C(delete) is about images. With C(delete_blob) false, single blobs cannot be deleted, and the
      registry collects by itself those that no image names.
    - What a registry cannot do is no fault.
  returned: always
  type: dict
  sample:
    authentication: basic
    catalog: null
    chunked_upload: true
    delete: true
    delete_blob: true
    mount: true
    push: true
    range: true
    referrers: false
versions:
  description: Headers that tell of the server, where it sends them.
  returned: always
  type: dict
  contains:
    api_version:
      description: C(Docker-Distribution-Api-Version). It is not needed, and says little.
      type: str
    server:
      description: C(Server), often that of a proxy in front.
      type: str
references:
  description:
    - What was found for each reference that O(expect) names, in its order. With O(deep), an image that lacks
      a blob is faulty here, though the fault is one of the check V(blobs).
  returned: always
  type: list
  elements: dict
  contains:
    reference:
      description: Repository and tag, or repository and digest; the repository alone where it has no tags.
      type: str
      sample: library/app:1.2
    digest:
      description:
        - Digest of the manifest or index, sha256 or sha512; empty where there is none. Where the
          registry tells one that nobody can verify, it is the sha256 of the content.
      type: str
    media_type:
      description: Its media type; empty where it is none of an image or an index.
      type: str
    platforms:
      description:
        - The platforms that the index names, at most 64. Of an image without an index, that of its
          configuration, looked at only where platforms are expected.
      type: list
      elements: str
    status:
      description: One of V(ok), V(warn) and V(fail).
      type: str
    message:
      description: What is wrong or doubtful, with the likely cause; empty if nothing is.
      type: str
registry_warnings:
  description: Texts of C(Warning) headers that the registry sent, each once.
  returned: always
  type: list
  elements: str
certificate:
  description: The served certificate, even where it was not trusted; empty where none was received.
  returned: always
  type: dict
  contains:
    subject:
      description: Its subject.
      type: str
    issuer:
      description: Its issuer.
      type: str
    not_after:
      description: When it expires, in UTC.
      type: str
      sample: "2031-05-04T03:02:01Z"
    days_left:
      description: Whole days until then, negative afterwards.
      type: int
    dns_names:
      description: The names it is valid for.
      type: list
      elements: str
    ip_addresses:
      description: The addresses it is valid for.
      type: list
      elements: str
    sha256:
      description: SHA-256 of its DER form, in hexadecimal.
      type: str
leftovers:
  description: What a round trip pushed and could not delete again, or began to upload and could not cancel.
  returned: always
  type: list
  elements: str
table:
  description: The checks as aligned lines, as they are shown in the terminal below the host and the URL.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks._run import run_module
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.registry_health import (
    ARGUMENT_SPEC,
    run,
)


def main() -> None:
    """Run as a module."""
    run_module(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
