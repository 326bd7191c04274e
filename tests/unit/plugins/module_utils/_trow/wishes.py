# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wishes of users: those that the seed's notes have, almost right ones, and faults of each kind."""

from __future__ import annotations

from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._fault import Fault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.settings import (
    Settings,
    read_settings,
)

HOST = "paasregistry.lapin.io"
CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
# The notes that this collection began with.
NOTES: dict[str, Any] = {
    "host": HOST,
    "namespace": "trow",
    "overlay_name": "paas-sandbox",
    "user": "trow",
    "ingress_annotations": {},
    "storage": "hostpath",
    "hostpath_path": "/data",
    "hostpath_volume": "trow-data-hostpath-pv",
    "storage_size": "10Gi",
}
VALIDATION = {"default": "Deny", "allow": [f"{HOST}/", "registry.k8s.io/"], "deny": [f"{HOST}/old/"]}
# Everything that there is.
ALL: dict[str, Any] = {
    "host": HOST,
    "image": "mirror.example:5000/trow@sha256:" + "0" * 64,
    "image_pull_policy": "Always",
    "image_pull_secrets": ["mirror"],
    "password_secret": "mine",
    "password_key": "word",
    "ingress_class": "internal",
    "ingress_timeout": "900",
    "ingress_annotations": {"example.com/team": "images"},
    "tls_secret": "registry-tls",
    "issuer_name": "mine",
    "issuer_kind": "Issuer",
    "storage": "class",
    "storage_class": "fast",
    "storage_size": "50Gi",
    "bind": "0.0.0.0",
    "node_selector": {"disk": "ssd"},
    "affinity": {"podAntiAffinity": {}},
    "tolerations": [{"key": "registry", "operator": "Exists"}],
    "resources": {"requests": {"cpu": "1"}},
    "log_level": "debug",
    "image_validation": VALIDATION,
    "admission": "true",
    "admission_failure_policy": "Fail",
    "admission_timeout": 10,
    "admission_replicas": 1,
    "admission_exclude_namespaces": ["monitoring", "kube-system"],
    "admission_namespaces": ["shop", "blog"],
    "admission_ca_bundle": CA,
}


def settings_of(**wish: Any) -> Settings:
    """The settings of a wish without faults."""
    settings, faults = read_settings({"host": HOST, **wish})
    assert faults == ()
    return settings


def faults_of(**wish: Any) -> tuple[Fault, ...]:
    """What is wrong with a wish."""
    return read_settings({"host": HOST, **wish})[1]
