# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order objects are applied."""

from __future__ import annotations

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import ObjectKey

# What is read by others comes before its readers. Everything that is not named stands at the place of "*".
_ORDER = (
    ("CustomResourceDefinition",),
    ("Namespace", "PriorityClass", "StorageClass"),
    ("ClusterRole", "Role", "ServiceAccount"),
    ("ClusterRoleBinding", "RoleBinding"),
    ("Secret", "ConfigMap", "PersistentVolume"),
    ("PersistentVolumeClaim", "Issuer", "ClusterIssuer"),
    ("Certificate", "*"),
    ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod", "ReplicaSet"),
    ("Service", "Ingress", "HTTPRoute", "APIService"),
    ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
)
_RANKS = {kind: rank for rank, kinds in enumerate(_ORDER) for kind in kinds}


def rank(key: ObjectKey) -> int:
    """Give the place of an object: lower ones are applied first and deleted last.

    Equal ones at the same time.
    """
    return _RANKS.get(key.kind, _RANKS["*"])
