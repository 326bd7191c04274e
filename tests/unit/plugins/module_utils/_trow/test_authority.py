# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others have made under the names of the CA is refused by a run, and kept by a removal."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._trow.authority import Authority
from tests.unit.plugins.module_utils._trow.wishes import CA

KEY = "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----"
OTHER = CA.replace("MIIB", "MIIC")
OURS = {
    "app.kubernetes.io/managed-by": "clusterdepot.artifacts",
    "app.kubernetes.io/name": "trow",
    "app.kubernetes.io/instance": "trow",
}
ANOTHER_REGISTRY = {**OURS, "app.kubernetes.io/instance": "other"}
GIVEN = Authority("given", "trow", "ca-issuer", "ca-priv", "cert-manager", CA, KEY)
GENERATED = Authority("generated", "trow", "ca-issuer", "ca-priv", "cert-manager")


def secret(
    labels: dict[str, str] | None = None, *, made_for: str = "", certificate: str = OTHER, key: str = KEY
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "ca-priv", "namespace": "cert-manager", "labels": labels}
    if made_for:
        metadata["annotations"] = {"cert-manager.io/certificate-name": made_for}
    data = {
        name: b64encode(text.encode()).decode() for name, text in (("tls.crt", certificate), ("tls.key", key))
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


def issuer(labels: dict[str, str] | None = None, name: str = "ca-issuer") -> dict[str, Any]:
    metadata = {"name": name, **({} if labels is None else {"labels": labels})}
    return {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": metadata}


def certificate(labels: dict[str, str] | None = None) -> dict[str, Any]:
    metadata = {"name": "ca-priv", "namespace": "cert-manager", "labels": labels}
    return {"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": metadata}


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        (GIVEN, []),
        (GENERATED, []),
        (GIVEN, [secret(OURS), issuer(OURS)]),
        (GIVEN, [secret(certificate=f"text before\n{CA}", key=f"{KEY}\n")]),
        (
            GENERATED,
            [
                secret(made_for="ca-priv"),
                issuer(OURS),
                issuer(OURS, "ca-issuer-selfsigned"),
                certificate(OURS),
            ],
        ),
        # A CA that is given needs neither.
        (GIVEN, [issuer(name="ca-issuer-selfsigned"), certificate()]),
    ],
)
def test_own_things_and_equal_ones_are_no_fault(wish: Authority, found: list[dict[str, Any]]) -> None:
    assert wish.judge(found)["faults"] == []


@pytest.mark.parametrize(
    ("wish", "found", "words"),
    [
        (GIVEN, secret(), "trow_ca is 'given'; allowed: another trow_ca_secret"),
        (GIVEN, secret(ANOTHER_REGISTRY), "somebody else has made"),
        (GIVEN, secret(certificate=CA, key="another"), "somebody else has made"),
        (GIVEN, secret(OURS, made_for="ca-priv"), "allowed: generated, or another trow_ca_secret"),
        (GIVEN, secret(certificate=CA, made_for="wildcard"), "somebody else has made"),
        (GENERATED, secret(), "trow_ca is 'generated'; allowed: another trow_ca_secret"),
        (GENERATED, secret(OURS), "allowed: given, or another trow_ca_secret"),
        (GENERATED, secret(made_for="wildcard-of-somebody-else"), "somebody else has made"),
        (GIVEN, issuer(), "trow_issuer_name is 'ca-issuer'; allowed: another name, or trow_ca none"),
        (GIVEN, issuer({}), "the ClusterIssuer ca-issuer is there"),
        (GENERATED, issuer(ANOTHER_REGISTRY), "the ClusterIssuer ca-issuer is there"),
        (GENERATED, issuer(name="ca-issuer-selfsigned"), "the ClusterIssuer ca-issuer-selfsigned is there"),
        (
            GENERATED,
            certificate(),
            "trow_ca_secret is 'ca-priv'; allowed: another name, because the Certificate",
        ),
    ],
)
def test_what_others_have_made_is_refused(wish: Authority, found: dict[str, Any], words: str) -> None:
    (fault,) = wish.judge([found])["faults"]
    assert words in fault
    assert "hush" not in fault


def test_a_secret_that_cannot_be_read_is_somebody_elses() -> None:
    for data in (None, {}, {"tls.crt": "%", "tls.key": "/w=="}):
        (fault,) = GIVEN.judge([{**secret(), "data": data}])["faults"]
        assert "somebody else has made" in fault


def test_the_secret_is_written_only_where_it_is_the_roles() -> None:
    assert GIVEN.judge([])["writes_secret"]
    assert GIVEN.judge([secret(OURS)])["writes_secret"]
    assert not GIVEN.judge([secret(certificate=CA)])["writes_secret"]
    assert not GENERATED.judge([])["writes_secret"]


@pytest.mark.parametrize("wish", [GIVEN, GENERATED])
def test_a_removal_deletes_what_is_the_roles_and_keeps_the_rest(wish: Authority) -> None:
    everything = [secret(OURS), certificate(OURS), issuer(OURS), issuer(OURS, "ca-issuer-selfsigned")]
    own = wish.judge(everything)
    assert own["kept"] == []
    assert [(one["kind"], one["metadata"]) for one in own["absent"]] == [
        ("ClusterIssuer", {"name": "ca-issuer"}),
        ("ClusterIssuer", {"name": "ca-issuer-selfsigned"}),
        ("Certificate", {"name": "ca-priv", "namespace": "cert-manager"}),
        ("Secret", {"name": "ca-priv", "namespace": "cert-manager"}),
    ]
    assert {key for one in own["absent"] for key in one} == {"apiVersion", "kind", "metadata"}
    for labels in (None, {}, ANOTHER_REGISTRY, {"app.kubernetes.io/managed-by": "clusterdepot.artifacts"}):
        foreign = wish.judge(
            [secret(labels), certificate(labels), issuer(labels), issuer(labels, "ca-issuer-selfsigned")]
        )
        assert foreign["absent"] == []
        assert foreign["kept"] == [
            "the ClusterIssuer ca-issuer",
            "the ClusterIssuer ca-issuer-selfsigned",
            "the Certificate cert-manager/ca-priv",
            "the Secret cert-manager/ca-priv",
        ]


def test_without_a_ca_nothing_is_judged() -> None:
    nothing = Authority("none", "trow", "ca-issuer", "ca-priv", "cert-manager")
    assert nothing.judge([secret(), issuer()]) == {
        "faults": [],
        "writes_secret": False,
        "absent": [],
        "kept": [],
    }


def test_no_secret_is_in_what_is_printed_of_it() -> None:
    assert "hush" not in repr(GIVEN)
