# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: registry_health_info
short_description: Tell whether an image registry is healthy, without writing to it
version_added: 0.1.0
description:
  - The same checks as those of M(clusterdepot.artifacts.registry_health), but nothing is ever written
    to the registry, and an unhealthy
    registry does not make the task fail.
author:
  - clusterdepot developers (@clusterdepot)
attributes:
  check_mode:
    description: It only reads, with and without it.
    support: full
  diff_mode:
    description: There is no difference to show.
    support: none
extends_documentation_fragment:
  - clusterdepot.artifacts._registry
seealso:
  - module: clusterdepot.artifacts.registry_health
"""

EXAMPLES = r"""
- name: Look at a registry
  clusterdepot.artifacts.registry_health_info:
    url: https://registry.example.com
  register: registry

- name: Look which tags of a repository are not for arm64
  clusterdepot.artifacts.registry_health_info:
    url: https://registry.example.com
    expect:
      - repository: shop/web
        all_tags: true
        platforms: [linux/arm64]
  register: shop

- name: Show them
  ansible.builtin.debug:
    msg: "{{ shop.references | rejectattr('status', 'equalto', 'ok') | map(attribute='reference') }}"

- name: Say until when its certificate is valid
  ansible.builtin.debug:
    msg: "{{ registry.certificate.not_after }}"
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
      O(expect). All others are null here, since only writing tells.
    - What a registry cannot do is no fault.
  returned: always
  type: dict
  sample:
    authentication: basic
    catalog: null
    chunked_upload: null
    delete: null
    delete_blob: null
    mount: null
    push: null
    range: null
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
  description: What a round trip pushed and could not delete again.
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
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.registry_health_info import (
    ARGUMENT_SPEC,
    run,
)


def main() -> None:
    """Run as a module."""
    run_module(AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True), run)


if __name__ == "__main__":
    main()
