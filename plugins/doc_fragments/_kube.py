# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of every module that talks to an API server."""

from __future__ import annotations


class ModuleDocFragment:
    """PRIVATE: for this collection only."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of the kubeconfig file.
      - If not set, the environment variables E(K8S_AUTH_KUBECONFIG) and E(KUBECONFIG) are used, then
        C(~/.kube/config), then the service account of the pod this runs in.
    type: path
  context:
    description:
      - Name of the context in the kubeconfig file; if not set, its current one.
    type: str
requirements:
  - "kubernetes (Python library)"
"""
