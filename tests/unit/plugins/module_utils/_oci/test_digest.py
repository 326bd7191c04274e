# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import (
    digest_of,
    parse_digest,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import (
    DigestMismatch,
    SyntaxFault,
)


@given(content=st.binary(max_size=50), algorithm=st.sampled_from(["sha256", "sha512"]))
def test_round_trip_and_verification(content: bytes, algorithm: str) -> None:
    digest = parse_digest(str(digest_of(content, algorithm)))
    digest.verify(content, "content")
    with pytest.raises(DigestMismatch):
        digest.verify(content + b"x", "content")


@pytest.mark.parametrize(
    "text",
    ["", "sha256", "sha256:", "sha256:abc", "sha256:" + "G0" * 32, "md 5:aa", "sha256:" + "aa" * 32 + "\n"],
)
def test_refused(text: str) -> None:
    with pytest.raises(SyntaxFault):
        parse_digest(text)


def test_an_unregistered_algorithm_is_read_but_cannot_be_computed() -> None:
    assert not parse_digest("blake3:abcd").verifiable
    with pytest.raises(SyntaxFault):
        digest_of(b"", "md5")


def test_a_digest_has_an_end() -> None:
    with pytest.raises(SyntaxFault):
        parse_digest(f"x:{'a' * 60_000}")
