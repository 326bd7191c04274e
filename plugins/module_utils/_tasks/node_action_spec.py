# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of node_action."""

from __future__ import annotations

from typing import Any

ARGUMENT_SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str", "default": "package-server"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "mode": {"type": "str", "choices": ["jobs", "daemonset"], "default": "jobs"},
    "script": {"type": "raw"},
    "scripts": {"type": "raw"},
    "absent_script": {"type": "raw"},
    "arguments": {"type": "raw"},
    "packages": {"type": "raw"},
    "variables": {"type": "dict", "no_log": True},
    "node_namespaces": {"type": "raw"},
    "time_limit": {"type": "int", "default": 1800},
    "force": {"type": "bool", "default": False},
    "catalogue": {"type": "raw"},
    "storage": {"type": "dict"},
    "port": {"type": "int"},
    "selector": {"type": "dict"},
    "tolerations": {"type": "list", "elements": "dict"},
    "canary": {"type": "raw"},
    "max_parallel": {"type": "raw", "default": 10},
    "max_fail": {"type": "raw", "default": 0},
    "cordon": {"type": "str", "choices": ["none", "cordon", "drain"], "default": "none"},
    "drain": {"type": "dict"},
    "start_timeout": {"type": "int", "default": 300},
    "catalogue_timeout": {"type": "int", "default": 120},
    "server_timeout": {"type": "int", "default": 60},
    "lock_timeout": {"type": "int", "default": 300},
    "refresh": {"type": "int", "default": 60},
    "rclone_image": {"type": "str", "default": "docker.io/rclone/rclone:1.75"},
    "haproxy_image": {"type": "str", "default": "docker.io/library/haproxy:2.6"},
    "action_image": {"type": "str", "default": "docker.io/library/busybox:1.36"},
    "image_pull_secrets": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "priority_class": {"type": "str"},
    "service_account": {"type": "str"},
    "pod_files": {"type": "dict"},
    "kubeconfig": {"type": "path"},
    "context": {"type": "str"},
}
