# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Planes with Trow: their variables, the files that are there before, and what the cluster would tell."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n"
HOST = "paasregistry.lapin.io"
# A tree has a folder of its own for each case, and the files that variables name are beside these folders.
TREE = "{{ inventory_dir }}/trees/{{ inventory_hostname }}"
_LABELS = {
    "app.kubernetes.io/name": "trow",
    "app.kubernetes.io/instance": "trow",
    "app.kubernetes.io/managed-by": "clusterdepot.artifacts",
    "app.kubernetes.io/part-of": "clusterdepot",
}


def _one(kind: str, name: str, **metadata: object) -> dict[str, Any]:
    """An object as a look finds it."""
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, **metadata}}


ISSUER = _one("ClusterIssuer", "ca-issuer")
INGRESS_SERVICE = _one("Service", "ingress-nginx-controller", namespace="ingress-nginx")
# By the labels of the role.
MADE = [_one("Secret", name, namespace="trow", labels=_LABELS) for name in ("trow-cred", "trow-pass")]
# The same, with a password.
KEPT = [MADE[0], {**MADE[1], "data": {"pass": b64encode(b"kept hunter2\n").decode()}}]


def _of_ca(labels: dict[str, str], made_for: str) -> dict[str, Any]:
    """What a look finds of a CA that cert-manager makes."""
    place = {"namespace": "cert-manager", "labels": labels}
    secret = _one("Secret", "ca-priv", **place, annotations={"cert-manager.io/certificate-name": made_for})
    issuers = [_one("ClusterIssuer", name, labels=labels) for name in ("ca-issuer", "ca-issuer-selfsigned")]
    made = [
        {**one, "apiVersion": "cert-manager.io/v1"}
        for one in (*issuers, _one("Certificate", "ca-priv", **place))
    ]
    return {"_trow_seen": {"resources": made}, "_trow_secrets_seen": {"resources": [*MADE, secret]}}


TROW: dict[str, Any] = {
    "registry_engine": "trow",
    "trow_overlay_dir": TREE,
    "trow_host": HOST,
    "_trow_seen": {"resources": [ISSUER]},
    "_trow_secrets_seen": {"resources": MADE},
}

EXCHANGED: dict[str, Any] = {
    **TROW,
    "_trow_seen": {"resources": []},
    "trow_ca": "given",
    "trow_ca_certificate_file": "{{ inventory_dir }}/ca.key",
    "trow_ca_private_key_file": "{{ inventory_dir }}/ca.crt",
    "trow_admission": True,
    "trow_image_validation": {"default": "Allow", "deny": ["docker.io/"]},
}

TROW_CASES: dict[str, dict[str, Any]] = {
    "trow": TROW,
    "trow_kept": {
        **TROW,
        "_trow_secrets_seen": {"resources": KEPT},
        "trow_pull_secret_server": "example.registry.com:5000",
    },
    "trow_of_files": {
        **TROW,
        "trow_version": "0.6",
        "trow_password_file": "{{ inventory_dir }}/password",
        "trow_pull_secret_user": "example",
        "trow_pull_secret_password_file": "{{ inventory_dir }}/password",
        "trow_ca": "given",
        "trow_ca_certificate_file": "{{ inventory_dir }}/ca.crt",
        "trow_ca_private_key_file": "{{ inventory_dir }}/ca.key",
        "trow_ingress_service_name": "ingress-nginx-controller",
        "trow_ingress_service_namespace": "ingress-nginx",
        "trow_ingress_load_balancer": True,
        "trow_external_ips": ["192.168.1.250"],
        "_trow_seen": {"resources": [INGRESS_SERVICE]},
    },
    "trow_open": {
        **TROW,
        "trow_user": "",
        "trow_storage": "class",
        "trow_storage_class": "longhorn",
        "trow_ca": "generated",
        "trow_admission": True,
        "trow_image_validation": {"default": "Allow", "deny": ["docker.io/"]},
        "image_cache_images": ["docker.io/library/ubuntu:22.04"],
        "trow_purge_data": True,
        **_of_ca(_LABELS, "ca-priv"),
    },
    "trow_of_own_secrets": {
        **TROW,
        "trow_password_secret": "trow-pass",
        "_trow_secrets_seen": {"resources": KEPT},
        "trow_pull_secret": False,
        "trow_image_pull_secrets": ["trow-cred"],
        "trow_admission": True,
        "trow_admission_failure_policy": "Fail",
        "trow_admission_exclude_namespaces": ["monitoring"],
        "trow_admission_namespaces": ["shop"],
        "trow_image_validation": {"default": "Allow", "deny": ["docker.io/"]},
        "trow_ingress_service_namespace": "ingress",
        "node_trust_namespace": "trust",
        "image_cache_namespace": "cache",
    },
    "trow_with_own_files": TROW,
    "trow_with_edited_files": TROW,
    "trow_bad": {
        **TROW,
        "_trow_seen": {"resources": []},
        "trow_overlay_dir": "",
        "trow_host": "192.168.1.250",
        "trow_version": 0.1,
        "trow_namespace": "cert-manager",
        "trow_password_file": "/nowhere",
        "trow_password_secret": "mine",
        "trow_ca": "given",
        "trow_ca_private_key_file": "{{ inventory_dir }}/password",
        "trow_issuer_kind": "Issuer",
        "trow_external_ips": ["192.168.1.256"],
        "trow_health_timeout": 0,
        "trow_storage_size": "10Gig",
    },
    "trow_without_what_must_be_there": {
        **TROW,
        "trow_issuer_name": "nobody",
        "_trow_seen": {"resources": []},
        "trow_password_secret": "mine",
        "trow_ingress_service_name": "ingress",
    },
    "trow_over_the_ca_of_others": {**TROW, "trow_ca": "generated", **_of_ca({}, "wildcard")},
    "trow_with_key_and_certificate_exchanged": EXCHANGED,
    # As unprovision has it.
    "trow_removed_beside_the_ca_of_others": {
        **EXCHANGED,
        **_of_ca({}, "wildcard"),
        "trow_admission_ca_bundle": KEY,
        "trow_purge_data": True,
        "_trow_removing": True,
        "trow_hostpath_path": "/etc",
        "trow_image": "mirror/trow:0.6.3",
    },
}

# What is another one than in the example inventory, where they are at home.
EXAMPLE_FILES: dict[str, Any] = {
    "trow_overlay_dir": TREE,
    "trow_ca_certificate_file": "{{ inventory_dir }}/ca.crt",
    "trow_ca_private_key_file": "{{ inventory_dir }}/ca.key",
}

# Not among the others, since it ends the run.
UNBUILDABLE: dict[str, dict[str, Any]] = {"trow_unbuildable": TROW}

_NETWORK_POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: mine}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""
_PATCH = """\
apiVersion: v1
kind: Service
metadata: {name: trow-svc, annotations: {team: artifacts}}
"""


def write_files(folder: Path) -> None:
    """Write what the cases find: secret files, and trees with files of a user's."""
    (folder / "password").write_text("hunter2\n", encoding="utf-8")
    # As openssl writes it, with a text before.
    (folder / "ca.crt").write_text(f"Certificate:\n    Data:\n{CERTIFICATE}", encoding="utf-8")
    (folder / "ca.key").write_text(KEY, encoding="utf-8")
    trees = {
        "trow_with_own_files/overlays/paas-sandbox/policy.yaml": _NETWORK_POLICY,
        "trow_with_own_files/overlays/paas-sandbox/patch-mine.yaml": _PATCH,
        "trow_with_edited_files/base/service.yaml": _PATCH,
        "trow_unbuildable/overlays/paas-sandbox/patch-none.yaml": _PATCH.replace("trow-svc", "nobody"),
    }
    for path, text in trees.items():
        file = folder / "trees" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
