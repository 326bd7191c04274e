# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.reference import (
    Reference,
    parse_reference,
)

SHA256 = "sha256:" + "a1" * 32

COMPONENT = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}", fullmatch=True)
REGISTRY = st.one_of(
    st.from_regex(r"[a-zA-Z0-9]{1,8}\.[a-z]{2,5}(:[1-9][0-9]{0,3})?", fullmatch=True),
    st.sampled_from(["localhost", "localhost:5000", "[::1]", "[2001:db8::7]:5000", "127.0.0.1:5000", "Host"]),
)
TAG = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
DIGEST = st.sampled_from(["", "@" + SHA256, "@sha512:" + "0f" * 64])


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("alpine", "docker.io/library/alpine"),
        ("alpine:3", "docker.io/library/alpine:3"),
        ("user/app", "docker.io/user/app"),
        ("docker.io/alpine", "docker.io/library/alpine"),
        ("index.docker.io/alpine", "docker.io/library/alpine"),
        ("localhost/app", "localhost/app"),
        ("host:5000/a/b/c:tag", "host:5000/a/b/c:tag"),
        ("[::1]:5000/app", "[::1]:5000/app"),
        ("[::1]/app:1@" + SHA256, "[::1]/app:1@" + SHA256),
        ("UPPER/app", "UPPER/app"),
        ("r.io/a__b/c---d.e_f", "r.io/a__b/c---d.e_f"),
        ("alpine@" + SHA256, "docker.io/library/alpine@" + SHA256),
    ],
)
def test_short_forms_become_full(text: str, full: str) -> None:
    assert str(parse_reference(text)) == full


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":tag",
        "app:",
        "app@",
        "App",
        "a//b",
        "/a",
        "a/",
        "a:b:c",
        "a___b",
        "host:port/a",
        "host:99999/a",
        "host:0/a",
        "[::1/a",
        "[1.2.3.4]/a",
        "-host.io/a",
        "https://host/a",
        "a" * 256,
        "app:-x",
        "app:" + "t" * 129,
        "f0" * 32,
        "app@sha256:short",
        "app@sha256:" + "A1" * 32,
        "app\n",
        "app:tag\n",
        "ap\u00e9",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(SyntaxFault):
        parse_reference(text)


def test_parts() -> None:
    reference = parse_reference("alpine")
    assert reference == Reference("docker.io", "library/alpine")
    assert reference.identifier == "latest"
    assert reference.api_authority == "registry-1.docker.io"
    assert parse_reference("r.io/a:1@" + SHA256).identifier == SHA256


@given(
    registry=REGISTRY, path=st.lists(COMPONENT, min_size=1, max_size=4), tag=st.none() | TAG, digest=DIGEST
)
def test_round_trip(registry: str, path: list[str], tag: str | None, digest: str) -> None:
    text = f"{registry}/{'/'.join(path)}{'' if tag is None else ':' + tag}{digest}"
    reference = parse_reference(text)
    assert str(reference) == text
    assert parse_reference(str(reference)) == reference
    assert reference.tag == tag


@given(st.text(max_size=80) | st.text("aA0:/@.-_[]", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        reference = parse_reference(text)
    except SyntaxFault:
        return
    assert parse_reference(str(reference)) == reference
