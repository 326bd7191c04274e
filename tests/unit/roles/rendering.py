# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What provision would apply, rendered by Ansible with the playbook's own variables.

Applying it is tested on a cluster; here the play of provision ends before its tasks that need one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "inventory" / "examples" / "docker-registry"
FIXED = {"registry_service_ip": "10.1.2.3"}
REGISTRY_CASES: dict[str, dict[str, Any]] = {
    "credentials": {**FIXED, "registry_auth": "htpasswd", "registry_username": "alice"},
    "given_htpasswd": {**FIXED, "registry_auth": "htpasswd", "registry_htpasswd_secret": "mine"},
    "object_storage": {
        **FIXED,
        "registry_replicas": 3,
        "registry_storage_driver": "s3",
        "registry_storage_parameters": {"bucket": "images", "region": "eu"},
        "registry_storage_secret": "keys",
        "registry_extra_config": {"log": {"level": "debug"}, "storage": {"redirect": {"disable": True}}},
        "registry_metrics_from": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
    },
    "own_secret": {**FIXED, "certificate_enabled": False, "node_trust_enabled": False},
    "node_port": {
        "registry_service_type": "NodePort",
        "registry_service_ip": "10.0.0.7",
        "registry_service_node_port": 30500,
        "node_trust_format": "ca_only",
    },
    "ipv6_cluster_ip": {
        "registry_service_type": "ClusterIP",
        "registry_service_ip": "fd00::5",
        "registry_namespace": "x" * 63,
        "registry_service_name": "y" * 63,
    },
    "proxy": {
        **FIXED,
        "registry_proxy_remote_url": "https://registry-1.docker.io",
        "registry_proxy_secret": "upstream",
        "registry_address": "registry.example.com",
    },
    "shared_namespace": {**FIXED, "node_trust_namespace": "docker-registry"},
    "bad": {
        "registry_service_ip": "172.17.1.620",
        "registry_pvc_size": "5Gig",
        "registry_replicas": 2,
        "certificate_duration": "90 days",
        "registry_proxy_remote_url": "https://me:hush@docker.io",
    },
}


CACHE = {**FIXED, "image_cache_images": ["docker.io/library/ubuntu:22.04"]}
IMAGE_CACHE_CASES: dict[str, dict[str, Any]] = {
    "cache": {
        **CACHE,
        "image_cache_pull_secrets": [
            {"name": "copied", "from": {"namespace": "shop", "name": "login"}},
            {"name": "given", "docker_config": {"auths": {"registry.example": {"auth": "dTpodW50ZXIy"}}}},
            {"name": "text", "docker_config": '{"auths": {"registry.example": {"auth": "dTpwMg=="}}}'},
        ],
        "image_cache_priority_value": -5,
    },
    "cache_of_jarvice": {
        **FIXED,
        "image_cache_jarvice_images": '[{"ref": "ubuntu:xenial", "registry": "docker.io", "private": false, '
        '"arch": {"amd64": "docker.io/library/ubuntu:xenial"}}]',
        "image_cache_interval": "300",
        "image_cache_namespace": "jarvice-cache",
        "image_cache_priority_class": "system-node-critical",
        "image_cache_network_policy": False,
        "image_cache_registries": [{"registry": "10.1.2.3:5000", "validate_certs": False}],
    },
    "cache_emptied": {**FIXED, "image_cache_enabled": True},
    "cache_bad": {
        **FIXED,
        "image_cache_namespace": "docker-registry",
        "image_cache_interval": 30,
        "image_cache_success_threshold": 101,
        "image_cache_images": [
            "docker.io/library/ubuntu:22.04",
            {"ref": "NOT A REFERENCE"},
            {"reference": "x"},
        ],
        "image_cache_jarvice_images": "[{",
        "image_cache_pull_secrets": [
            {"name": "Upper", "docker_config": "hunter2"},
            {"name": "none"},
            {"name": "both", "docker_config": {"auths": {"r": {}}}, "from": {"namespace": "n", "name": "s"}},
        ],
    },
    "cache_beside_its_secrets": {
        **CACHE,
        "image_cache_namespace": "jarvice",
        "image_cache_pull_secrets": [{"name": "copy", "from": {"namespace": "jarvice", "name": "login"}}],
    },
}

ROUTES = [
    {"name": "kops", "conditions": {"paths": ["/kops"]}, "host": "kubeupv2.s3.amazonaws.com"},
    {"name": "rest", "host": "registry.k8s.io"},
]
# What the removal of a router finds.
CONFIGURATIONS = [
    {"metadata": {"name": "artifact-router-routes"}},
    {"metadata": {"name": "artifact-router-config-4d1f0c2a9b7e"}},
]
ROUTER_CASES: dict[str, dict[str, Any]] = {
    "router": {**FIXED, "artifact_router_routes": ROUTES},
    "router_exposed": {
        **FIXED,
        "artifact_router_routes": ROUTES,
        "artifact_router_namespace_labels": {"cert-manager-tls": "sync"},
        "artifact_router_exposure": "ingress",
        "artifact_router_host": "artifacts.example.org",
        "artifact_router_tls_secret": "letsencrypt-prod",
        "artifact_router_autoscale_max_replicas": 10,
        "artifact_router_service_type": "NodePort",
        "artifact_router_service_node_port": 30080,
        "artifact_router_spread": "hard",
        "artifact_router_metrics_from": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
    },
    "router_behind_a_gateway": {
        **FIXED,
        "artifact_router_routes": ROUTES,
        "artifact_router_exposure": "httproute",
        "artifact_router_host": "artifacts.example.org",
        "artifact_router_gateways": [{"name": "public", "namespace": "gateways"}],
        "artifact_router_pod_monitor": True,
        "artifact_router_network_policy": False,
        "artifact_router_spread": "none",
    },
    "router_of_old_backends": {
        **FIXED,
        "artifact_router_backends": {
            "kops": {"host": "kubeupv2.s3.amazonaws.com", "conditions": {"paths": ["/kops/"]}},
            "k8s.gcr.io": {"host": "k8s.gcr.io"},
        },
    },
    "router_bad": {
        **FIXED,
        "artifact_router_routes": [
            {"name": "one", "host": "one.example.org", "colour": "red"},
            {"name": "one", "host": "not a host", "conditions": {}},
        ],
        "artifact_router_methods": ["GET", "A B"],
        "artifact_router_trusted_proxies": ["10.0.0.1/8"],
        "artifact_router_http_port": 80,
        "artifact_router_exposure": "ingress",
        "artifact_router_namespace": "kube-system",
    },
}

# What a removal finds of actions: one runs, one waits, one is being begun, and of two nothing runs any more.
_ENDED = {"conditions": [{"type": "FailureTarget", "status": "True"}, {"type": "Failed", "status": "True"}]}
_GOES_ON = {"conditions": [{"type": "Suspended", "status": "False"}, {"type": "Failed", "status": "False"}]}


def _of_action(kind: str, action: str, status: Mapping[str, Any] | None = None) -> dict[str, Any]:
    labels = {"app.kubernetes.io/instance": action}
    found = {
        "kind": kind,
        "metadata": {"name": f"{action}-1", "labels": labels},
        "data": {"TOKEN": "hunter2"},
    }
    return found if status is None else {**found, "status": dict(status)}


def _lease(action: str, renewed: str) -> dict[str, Any]:
    return {**_of_action("Lease", action), "spec": {"renewTime": renewed, "leaseDurationSeconds": 60}}


_ACTIONS = ("running", "waiting", "ended", "interrupted", "everywhere", "begun")
OF_ACTIONS = [
    *(_of_action("ConfigMap", action) for action in _ACTIONS),
    _lease("begun", "2999-01-01T00:00:00.000000Z"),
    _lease("ended", "2026-01-01T00:00:00.000000Z"),
    _of_action("Pod", "running", {"phase": "Running"}),
    _of_action("Pod", "ended", {"phase": "Failed"}),
    _of_action("Job", "waiting", _GOES_ON),
    _of_action("Job", "ended", _ENDED),
    _of_action("DaemonSet", "everywhere", {}),
]
ACTION_SECRETS = [_of_action("Secret", action) for action in _ACTIONS]

# What is there by the names that the role gives; the service account is somebody else's.
_OF_SERVER = {
    "app.kubernetes.io/name": "package-server",
    "app.kubernetes.io/instance": "package-server",
    "app.kubernetes.io/managed-by": "clusterdepot.artifacts",
    "app.kubernetes.io/part-of": "clusterdepot",
}
SERVER_MADE: list[dict[str, Any]] = [
    {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": labels}}
    for version, kind, name, labels in (
        ("apps/v1", "DaemonSet", "package-server", {**_OF_SERVER, "app.kubernetes.io/component": "run"}),
        ("v1", "Secret", "package-server-storage", _OF_SERVER),
        ("v1", "ServiceAccount", "package-server", {"app.kubernetes.io/name": "package-server"}),
    )
]
SERVER_MADE.append({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "bare"}})
SERVER_CONFIGURATIONS = [{"metadata": {"name": "package-server-4d1f0c2a9b7e"}}]
STORAGE = {"type": "azureblob", "account": "mystorageaccountname"}
SERVER_CASES: dict[str, dict[str, Any]] = {
    "server": {
        **FIXED,
        "package_server_storage": STORAGE,
        "package_server_storage_secret_data": {"account_key": "aHVudGVyMg=="},
        "package_server_catalogue": {"mypackage": {"latest": {"path": "mypackage-123456.deb"}}},
        "package_server_tolerations": [{"operator": "Exists"}],
    },
    "server_of_actions": {
        **FIXED,
        "package_server_storage": {
            **STORAGE,
            "identity": "workload",
            "client_id": "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
        },
        "package_server_service_account_annotations": {"team": "nodes"},
        "package_server_refresh": 0,
        "package_server_selector": {"pool": "build"},
        "package_server_actions": [
            {"name": "install", "script": "echo $1", "variables": {"TOKEN": "hunter2"}, "max_fail": 1},
            {"name": "remove", "state": "absent"},
            {"name": "offline", "storage": {}, "script": "true", "selector": {}, "absent_script": "false"},
        ],
    },
    "server_of_secrets": {
        **FIXED,
        "package_server_storage": {"type": "gcs", "bucket": "packages", "secret": "mine"},
        "package_server_storage_secret_data": {"service_account_credentials": {"type": "service_account"}},
        "package_server_actions": [{"name": "install", "script": "true"}],
        "package_server_resident": True,
        "package_server_clean_nodes": False,
        "package_server_purge": True,
    },
    "server_bad": {
        **FIXED,
        "package_server_namespace": "image-cache",
        "package_server_storage": {**STORAGE, "colour": "red"},
        "package_server_storage_secret_data": {"account_key": ""},
        "package_server_port": 80,
        "package_server_catalogue": {"mypackage": {"latest": {"path": "/absolute"}}},
        "package_server_actions": [
            {"name": "Upper", "script": "#!/usr/bin/python\nprint()\n", "variables": {"PATH": "hunter2"}},
            {"name": "twice", "script": "true", "canary": 1, "mode": "daemonset"},
            {"name": "twice", "script": "true", "colour": "red"},
            {"script": "true", "namespace": "elsewhere"},
        ],
    },
}


@dataclass(frozen=True)
class Rendered:
    """What the play of provision has for one host, and what the removal of its parts would delete."""

    faults: list[str]
    objects: list[dict[str, Any]]
    absent: list[dict[str, Any]]
    trusted: list[dict[str, str]]
    health_url: str
    cache_enabled: bool
    cache_sync: dict[str, Any]
    cache_absent: list[dict[str, Any]]
    cache_name_faults: list[str]
    router_enabled: bool
    router_absent: list[dict[str, Any]]
    server_enabled: bool
    server_runs: dict[str, dict[str, Any]]
    server_removal: dict[str, dict[str, Any]]
    server_removal_faults: list[str]
    server_unwanted: list[dict[str, Any]]
    server_removed: list[dict[str, Any]]
    server_own: list[dict[str, Any]]
    server_absent: list[dict[str, Any]]
    server_stale: list[dict[str, Any]]
    trow_service: list[dict[str, Any]]
    trow_absent: list[dict[str, Any]]
    trow_removal_faults: list[str]

    def one(self, kind: str, name: str | None = None) -> dict[str, Any]:
        (found,) = [
            item for item in self.objects if item["kind"] == kind and name in (None, item["metadata"]["name"])
        ]
        return found

    def kinds(self) -> list[str]:
        return sorted(item["kind"] for item in self.objects)

    def registry_config(self) -> dict[str, Any]:
        config: dict[str, Any] = yaml.safe_load(
            self.one("ConfigMap", "docker-registry-config")["data"]["config.yml"]
        )
        return config


def _play(folder: Path) -> list[dict[str, Any]]:
    (provision,) = _load("playbooks/provision.yml")
    health = next(task for task in provision["tasks"] if "clusterdepot.artifacts.registry_health" in task)
    (sync,) = _load("roles/image_cache/tasks/sync.yml")
    (include,) = _load("playbooks/tasks/image_cache.yml")
    shown = {
        "faults": "{{ _apply_faults }}",
        "objects": "{{ [] if _apply_faults else _apply_objects }}",
        "absent": "{{ _apply_absent }}",
        "trusted": "{{ node_trust_hosts }}",
        "health_url": health["clusterdepot.artifacts.registry_health"]["url"],
        "cache_enabled": "{{ image_cache_enabled }}",
        "cache_sync": {
            option: value.replace("default(omit, true)", "default('')")
            for option, value in sync["clusterdepot.artifacts.image_cache_sync"].items()
        },
        "cache_absent": "{{ _image_cache_absent }}",
        "cache_name_faults": "{{ _image_cache_name_faults }}",
        "router_enabled": "{{ artifact_router_enabled }}",
        "router_absent": "{{ _artifact_router_absent }}",
        "server_enabled": "{{ package_server_enabled }}",
        "server_runs": "{{ _package_server_prepared.runs }}",
        "server_removal": "{{ _package_server_removal.runs }}",
        "server_removal_faults": "{{ _package_server_removal_faults }}",
        "server_unwanted": "{{ _package_server_prepared.unwanted }}",
        "server_removed": "{{ _package_server_removal.unwanted }}",
        "server_own": "{{ _package_server_own }}",
        "server_absent": "{{ _package_server_absent }}",
        "server_stale": "{{ _package_server_stale }}",
        "trow_service": "{{ _trow_ingress_service_objects }}",
        "trow_absent": "{{ _trow_absent if registry_engine == 'trow' else [] }}",
        "trow_removal_faults": "{{ _trow_removal_faults if registry_engine == 'trow' else [] }}",
    }
    removal = {**shown, "faults": [], "objects": "{{ _node_trust_objects }}"}
    return [
        {
            "name": "Render",
            "hosts": "all",
            "gather_facts": False,
            "connection": "local",
            # The role that applies reads a file of its neighbours; here nothing runs inside it.
            "vars": {
                **provision["vars"],
                "role_path": str(ROOT / "roles" / "apply"),
                "_artifact_router_configurations": {"resources": CONFIGURATIONS},
                "_package_server_configurations": {"resources": SERVER_CONFIGURATIONS},
                "_package_server_made": {"resources": SERVER_MADE},
                "_package_server_of_actions": {"results": [{"resources": [one]} for one in OF_ACTIONS]},
                "_package_server_action_secrets": {"resources": ACTION_SECRETS},
            },
            "tasks": [
                *map(_without_cluster, filter(_renders, provision["tasks"])),
                _write(f"{folder}/{{{{ inventory_hostname }}}}.json", rendered=shown, **include["vars"]),
                _write(f"{folder}/removal.json", rendered=removal, _node_trust_removing=True)
                | {"run_once": True},
            ],
        }
    ]


def _load(path: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return loaded


def _renders(task: Mapping[str, Any]) -> bool:
    return bool(_imports(task).get("tasks_from") == "render")


def _without_cluster(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """The task without what asks a cluster; the cases tell what that would have found."""
    if _imports(task)["name"] != "clusterdepot.artifacts.trow":
        return task
    return {**task, "ansible.builtin.import_role": {**_imports(task), "tasks_from": "build"}}


def _imports(task: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = task.get("ansible.builtin.import_role", {})
    return found


def _write(path: str, **variables: Any) -> dict[str, Any]:
    return {
        "name": "Write what was rendered",
        "ansible.builtin.copy": {"dest": path, "content": "{{ rendered | to_json }}", "mode": "0600"},
        "vars": variables,
    }


def run(folder: Path, cases: Mapping[str, Mapping[str, Any]]) -> dict[str, Rendered]:
    """Render all cases by one play, the example's own host and the removal from the nodes beside them."""
    collections = folder / "ansible_collections" / "clusterdepot"
    collections.mkdir(parents=True)
    (collections / "artifacts").symlink_to(ROOT, target_is_directory=True)
    (folder / "play.yml").write_text(yaml.safe_dump(_play(folder)), encoding="utf-8")
    (folder / "cases.yml").write_text(
        yaml.safe_dump({"all": {"hosts": cases, "vars": {"ansible_python_interpreter": sys.executable}}}),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "ansible", "playbook"]
    subprocess.run(
        [*command, "-i", str(EXAMPLE), "-i", str(folder / "cases.yml"), str(folder / "play.yml")],
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(folder),
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        },
        cwd=folder,
        check=True,
        timeout=600,
    )
    return {
        case: Rendered(**json.loads((folder / f"{case}.json").read_text(encoding="utf-8")))
        for case in [*cases, "boreas", "removal"]
    }
