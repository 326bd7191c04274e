# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file with routes, or the one of an artifactserver, as a mapping."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError

_KEYS = ("routes", "backends", "settings")


class FileError(ArtifactsError):
    """A file of routes cannot be read."""


def read_route_file(path: str) -> dict[str, Any]:
    """One of ``routes`` and ``backends``, and perhaps ``settings``, of a file of YAML or JSON.

    :raises FileError: it cannot be read, has other keys, or one of its mappings has a key twice
    """
    try:
        content = _Loader(Path(path).read_text(encoding="utf-8")).get_single_data()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FileError(f"{path} cannot be read: {error}") from error
    if not isinstance(content, dict) or ("routes" in content) == ("backends" in content):
        raise FileError(f"{path} must be a mapping with one of routes and backends")
    unknown = [str(key) for key in content if key not in _KEYS]
    if unknown:
        raise FileError(f"{path}: {', '.join(unknown)} not known; allowed: {', '.join(_KEYS)}")
    return content


class _Loader(yaml.SafeLoader):
    """As its base, which lets the last of two equal keys win: a route would be gone without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _value in node.value]
        twice = next((key for index, key in enumerate(keys) if key in keys[:index]), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {twice} is there twice", node.start_mark
            )
        return super().construct_mapping(node, deep)
