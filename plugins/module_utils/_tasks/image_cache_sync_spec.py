# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of image_cache_sync and of its reading twin."""

from __future__ import annotations

from typing import Any

_SECRET_SPEC: dict[str, Any] = {
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
}

_REGISTRY_SPEC: dict[str, Any] = {
    "registry": {"type": "str", "required": True},
    "endpoint": {"type": "str"},
    "ca": {"type": "str"},
    "ca_path": {"type": "path"},
    "ca_secret": {"type": "dict", "options": _SECRET_SPEC, "no_log": False},
    "validate_certs": {"type": "bool", "default": True},
}

READING_SPEC: dict[str, Any] = {
    "namespace": {"type": "str", "default": "image-cache"},
    "name": {"type": "str", "default": "image-cache"},
    "digests": {"type": "bool", "default": True},
    "kubeconfig": {"type": "path"},
    "context": {"type": "str"},
}

ARGUMENT_SPEC: dict[str, Any] = {
    **READING_SPEC,
    "images": {"type": "list", "elements": "raw", "default": []},
    "jarvice_images": {"type": "raw"},
    "interval": {"type": "raw", "default": 3600},
    "strategy": {"type": "str", "choices": ["sleeper", "volume"], "default": "sleeper"},
    "images_per_pod": {"type": "int", "default": 10},
    "sleeper_image": {"type": "str", "default": "docker.io/library/busybox:1.36-musl"},
    "image_pull_secrets": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "tolerations": {"type": "list", "elements": "dict", "default": []},
    "node_selector": {"type": "dict", "default": {}},
    "priority_class": {"type": "str"},
    "resolve": {"type": "bool", "default": True},
    "resolve_timeout": {"type": "float", "default": 60},
    "registries": {"type": "list", "elements": "dict", "options": _REGISTRY_SPEC, "default": []},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "float", "default": 600},
    "failure_grace": {"type": "float", "default": 20},
    "success_threshold": {"type": "float", "default": 100},
    "allowed_failures": {"type": "list", "elements": "str", "default": []},
    "disk_factor": {"type": "float", "default": 3},
    "startup_taint": {"type": "str"},
}
