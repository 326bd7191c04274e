# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.document import (
    describe_failure,
    json_object,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.exchange import Response
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.manifest import parse_manifest
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.urls import parse_url

SECRET = "sesame-open-71"
PIECES = ["{}", "[]", "0", '""', '{"a":1}', "1.5", '"ab"', "null"]


@pytest.mark.parametrize("piece", PIECES)
def test_small_values_without_number_take_no_memory(piece: str) -> None:
    body = f'{{"manifests":[{",".join([piece] * (4_000_000 // (len(piece) + 1)))}]}}'.encode()
    tracemalloc.start()
    try:
        with pytest.raises(SyntaxFault, match="holds more than"):
            json_object(body, "it")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_the_largest_index_is_read() -> None:
    entry = {"mediaType": "m", "digest": f"sha256:{'0' * 64}", "size": 1}
    entry |= {"platform": {"os": "linux", "architecture": "arm", "variant": "v7"}, "annotations": {"a": "b"}}
    body = json.dumps({"manifests": [entry] * 10_000}).encode()
    assert len(parse_manifest(body, "").entries) == 10_000


@given(st.integers(0, 250))
def test_an_error_is_cut_after_secrets_are_out(before: int) -> None:
    body = json.dumps({"errors": [{"code": "X", "message": "y" * before + SECRET * 20}]}).encode()
    answer = Response(parse_url("http://registry.test/"), 500, (), body, 1.0, frozenset({SECRET}))
    shown = describe_failure(answer)
    assert shown.startswith("HTTP 500 (X: ")
    assert "s" not in shown
    assert len(shown) < 220
