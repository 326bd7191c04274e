# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the modules that deal with the routes of an artifact router."""

from __future__ import annotations


class ModuleDocFragment:
    """PRIVATE: for this collection only."""

    DOCUMENTATION = r"""
options:
  namespace:
    description:
      - The namespace of the router, as the role P(clusterdepot.artifacts.artifact_router#role) has made it.
    type: str
    default: artifact-router
  router:
    description:
      - The name of the router.
    type: str
    default: artifact-router
  routes:
    description:
      - The whole list of routes. The first one whose conditions all hold for a request is the one that
        answers it. Each entry has a C(name), one of C(host) and C(url), and, as they are wanted,
        C(conditions), C(path_prefix), C(strip_prefix), C(replace_path) and C(code).
      - "C(conditions) has C(paths) (a string is a prefix of whole segments; V({exact: /x}), V({prefix: /x})
        and V({regex: ^/x}) say it), C(path_type) (what strings in C(paths) are, V(prefix) or V(exact)),
        C(hosts), C(headers) (name to a value, a list of values, or V({regex: ...})), C(source_ranges) and
        C(methods). All that are given must hold, each by one of its entries."
      - One route, the last, may have no conditions. It answers all other requests; without it they get 404.
    type: list
    elements: raw
  backends:
    description:
      - The whole list of routes, as the C(backends) of an artifactserver's configuration file have it, or
        the content of that file.
      - The order of the map counts, and the backend without conditions comes last, whatever its place.
        Paths are prefixes of whole segments.
    type: dict
  legacy_match:
    description:
      - Whether V(all) conditions of one of the O(backends) must hold, or V(any) of its paths or headers is
        enough, as it was.
    type: str
    choices: [all, any]
    default: all
  allow_unreachable:
    description:
      - Whether routes that can never answer, because earlier ones answer all of their requests, are only
        warned of. Those of O(backends) are only warned of in any case.
    type: bool
    default: false
"""
