# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the two modules of the image cache."""

from __future__ import annotations


class ModuleDocFragment:
    """PRIVATE: for this collection only."""

    DOCUMENTATION = r"""
options:
  namespace:
    description:
      - The namespace of the cache. It must exist.
    type: str
    default: image-cache
  name:
    description:
      - The name of the cache, of at most 20 characters. Several caches in one namespace need names of their
        own.
    type: str
    default: image-cache
  digests:
    description:
      - Whether to read every pod of the cache, so that the digest that a node has is told for each image.
      - If V(false), only the pods that are not well are read, which is much cheaper for thousands of nodes.
        What is well is told without digests then, and stale images are noticed only where a registry fails.
    type: bool
    default: true
"""
