# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of artifact_route and of its reading twin."""

from __future__ import annotations

from typing import Any

CLUSTER_SPEC: dict[str, Any] = {
    "namespace": {"type": "str", "default": "artifact-router"},
    "router": {"type": "str", "default": "artifact-router"},
    "kubeconfig": {"type": "path"},
    "context": {"type": "str"},
}

LIST_SPEC: dict[str, Any] = {
    "routes": {"type": "list", "elements": "raw"},
    "backends": {"type": "dict"},
    "legacy_match": {"type": "str", "choices": ["all", "any"], "default": "all"},
    "allow_unreachable": {"type": "bool", "default": False},
}

# One route's own options, as they are written in a list of routes.
ROUTE_KEYS = ("conditions", "host", "url", "path_prefix", "strip_prefix", "replace_path", "code")

ARGUMENT_SPEC: dict[str, Any] = {
    **CLUSTER_SPEC,
    **LIST_SPEC,
    "name": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "before": {"type": "str"},
    "after": {"type": "str"},
    "conditions": {"type": "dict"},
    "host": {"type": "str"},
    "url": {"type": "str"},
    "path_prefix": {"type": "str"},
    "strip_prefix": {"type": "bool"},
    "replace_path": {"type": "str"},
    "code": {"type": "int"},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "float", "default": 300},
    "failure_grace": {"type": "float", "default": 20},
}

_REQUEST_SPEC: dict[str, Any] = {
    "method": {"type": "str", "default": "GET"},
    "path": {"type": "str", "required": True},
    "headers": {"type": "dict", "default": {}},
    "client": {"type": "str", "default": "127.0.0.1"},
}

_HTTPROUTE_SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str", "required": True},
    "parents": {"type": "list", "elements": "dict", "required": True},
    "extended_codes": {"type": "bool", "default": False},
}

READING_SPEC: dict[str, Any] = {
    **CLUSTER_SPEC,
    **LIST_SPEC,
    "file": {"type": "path"},
    "settings": {"type": "dict"},
    "requests": {"type": "list", "elements": "dict", "options": _REQUEST_SPEC, "default": []},
    "httproute": {"type": "dict", "options": _HTTPROUTE_SPEC},
}
