# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of registry_health and of its read-only twin."""

from __future__ import annotations

from typing import Any

_SECRET_SPEC: dict[str, Any] = {
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
}

_EXPECT_SPEC: dict[str, Any] = {
    "repository": {"type": "str", "required": True},
    "tags": {"type": "list", "elements": "str", "default": []},
    "all_tags": {"type": "bool", "default": False},
    "platforms": {"type": "list", "elements": "str", "default": []},
}

READING_SPEC: dict[str, Any] = {
    "url": {"type": "str", "required": True},
    "ca_path": {"type": "path"},
    "ca": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path", "no_log": False},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "docker_config": {"type": "path"},
    "token_hosts": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "wrong_credentials": {"type": "bool", "default": True},
    "address": {"type": "str"},
    "every_address": {"type": "bool", "default": False},
    "timeout": {"type": "float", "default": 30.0},
    "retries": {"type": "int", "default": 0},
    "delay": {"type": "float", "default": 2.0},
    "min_days_left": {"type": "int", "default": 7},
    "fail_days_left": {"type": "int", "default": 0},
    "max_latency_ms": {"type": "int"},
    "expect": {"type": "list", "elements": "dict", "options": _EXPECT_SPEC, "default": []},
    "deep": {"type": "bool", "default": False},
    "connections": {"type": "int", "default": 8},
    "catalog": {"type": "bool", "default": False},
    "certificate_secret": {"type": "dict", "options": _SECRET_SPEC, "no_log": False},
    "credentials_secret": {"type": "dict", "options": _SECRET_SPEC, "no_log": False},
    "docker_config_secret": {"type": "dict", "options": _SECRET_SPEC, "no_log": False},
    "kubeconfig": {"type": "path"},
    "context": {"type": "str"},
}

ARGUMENT_SPEC: dict[str, Any] = {
    **READING_SPEC,
    "round_trip": {"type": "bool", "default": False},
    "round_trip_repository": {"type": "str", "default": "clusterdepot-health/probe"},
    "round_trip_size": {"type": "int", "default": 1024},
    "fail_when_unhealthy": {"type": "bool", "default": True},
}
