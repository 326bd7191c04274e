# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON-like values that are almost lists of images."""

from __future__ import annotations

from hypothesis import strategies as st

_TEXT = st.text(st.characters(), max_size=12)
_WORDS = st.sampled_from(
    [
        "alpine",
        "docker.io/library/ubuntu:22.04",
        "quay.io/a/b@sha256:" + "0a" * 32,
        "linux/amd64",
        "amd64",
        "x86_64",
        "sleeper",
        "jarvice-docker",
        "",
        "a..b/",
        "\ud800",
    ]
)
_KEYS = st.sampled_from(
    ["ref", "pull_secret", "nodes", "selector", "platforms", "strategy"]
) | st.sampled_from(["ref", "registry", "private", "config", "arch", "amd64", "arm64"])
_SCALARS = st.none() | st.booleans() | st.integers() | st.just(10**30) | st.floats() | _TEXT | _WORDS

JSON_LIKE = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_KEYS | _TEXT | st.integers(), inner, max_size=6)
    ),
    max_leaves=20,
)
