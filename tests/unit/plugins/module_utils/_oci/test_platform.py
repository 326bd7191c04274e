# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.platform import (
    Platform,
    parse_platform,
    platform_of,
)

PART = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/amd64", Platform("linux", "amd64")),
        ("Linux/x86_64", Platform("linux", "amd64")),
        ("linux/arm64/v8", Platform("linux", "arm64")),
        ("linux/aarch64", Platform("linux", "arm64")),
        ("linux/arm", Platform("linux", "arm", "v7")),
        ("linux/arm/6", Platform("linux", "arm", "v6")),
        ("linux/armhf", Platform("linux", "arm", "v7")),
        ("linux/amd64/v3", Platform("linux", "amd64", "v3")),
    ],
)
def test_usual_spelling(text: str, platform: Platform) -> None:
    assert parse_platform(text) == platform


@pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "a/b/c/d", "a b/c", "linux/amd64\n"])
def test_refused(text: str) -> None:
    with pytest.raises(SyntaxFault):
        parse_platform(text)


@given(PART, PART, PART | st.just(""))
def test_what_is_shown_is_read(system: str, architecture: str, variant: str) -> None:
    platform = parse_platform("/".join(part for part in (system, architecture, variant) if part))
    assert parse_platform(str(platform)) == platform


@given(st.recursive(st.none() | st.text() | st.integers(), lambda inner: st.dictionaries(st.text(), inner)))
def test_any_document_is_taken(document: object) -> None:
    found = platform_of({"os": "linux", "architecture": "amd64", "variant": document})
    assert found is not None or (isinstance(document, str) and len(document) > 64)
    assert platform_of(document) is None


@pytest.mark.parametrize("part", ["os", "architecture", "variant"])
def test_what_is_too_long_is_no_platform_rather_than_cut(part: str) -> None:
    document = {"os": "linux", "architecture": "amd64"}
    assert platform_of(document | {part: "x" * 64}) is not None
    assert platform_of(document | {part: "x" * 65}) is None
