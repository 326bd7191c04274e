# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file with routes, or the one of an artifactserver, as a mapping."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError

_KEYS = ("routes", "backends", "settings")


class FileError(ArtifactsError):
    """A file of routes cannot be read."""


def read_route_file(path: str) -> dict[str, Any]:
    """One of ``routes`` and ``backends``, and perhaps ``settings``, of a file of YAML or JSON.

    :raises FileError: it cannot be read, has other keys, or one of its mappings has a key twice
    """
    # Only here: a machine that only reads routes from the cluster needs no YAML.
    yaml = importlib.import_module("yaml")
    try:
        text = Path(path).read_text(encoding="utf-8")
        twice = _key_that_is_there_twice(yaml.compose(text, Loader=yaml.SafeLoader))
        content = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FileError(f"{path} cannot be read: {error}") from error
    if twice:
        raise FileError(f"{path}: {twice}")
    if not isinstance(content, dict) or ("routes" in content) == ("backends" in content):
        raise FileError(f"{path} must be a mapping with one of routes and backends")
    unknown = [str(key) for key in content if key not in _KEYS]
    if unknown:
        raise FileError(f"{path}: {', '.join(unknown)} not known; allowed: {', '.join(_KEYS)}")
    return content


def _key_that_is_there_twice(root: Any) -> str:
    """The first one of all mappings below a node, with its line; a parser would let the last one win."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        # An alias is the node that it stands for, which may be around it.
        if id(node) in seen or not isinstance(getattr(node, "value", None), list):
            continue
        seen.add(id(node))
        # A mapping has pairs of nodes, a list has nodes.
        entries = [entry if isinstance(entry, tuple) else (None, entry) for entry in node.value]
        keys = [key.value for key, _value in entries if key is not None and isinstance(key.value, str)]
        twice = next((key for index, key in enumerate(keys) if key in keys[:index]), None)
        if twice is not None:
            return f"the key {twice} is there twice in the mapping of line {node.start_mark.line + 1}"
        waiting += [value for _key, value in entries]
    return ""
