# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.clusterdepot.artifacts.plugins.filter.trow import (
    FilterModule,
    trow,
    trow_authority,
    trow_certificates,
)

HOST = "paasregistry.lapin.io"


def test_they_are_filters_by_their_names() -> None:
    filters = [trow, trow_authority, trow_certificates]
    assert FilterModule().filters() == {one.__name__: one for one in filters}


def test_a_wish_becomes_files() -> None:
    prepared = trow({"host": HOST})
    assert prepared["faults"] == []
    assert "overlays/paas-sandbox/kustomization.yaml" in prepared["files"]


def test_faults_name_the_variable() -> None:
    assert trow({})["faults"] == [
        "trow_host: is missing; allowed: the DNS name by which clients reach the registry"
    ]
    assert trow({}, "x_")["faults"][0].startswith("x_host: ")


@pytest.mark.parametrize("wish", [None, "", [], 1])
def test_what_is_no_mapping_is_refused(wish: object) -> None:
    with pytest.raises(AnsibleFilterError, match="no mapping"):
        trow(wish)


def test_a_ca_is_judged_with_what_is_there() -> None:
    names = {"namespace": "trow", "issuer_name": "mine", "secret": "ca", "secret_namespace": "cert-manager"}
    issuer = {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": "mine"}}
    judged = trow_authority({"ca": "generated", **names, "found": [issuer]})
    assert [fault.partition(" is ")[0] for fault in judged["faults"]] == ["trow_issuer_name"]
    assert judged["kept"] == ["the ClusterIssuer mine"]


def test_certificates_are_cut_out_of_a_text() -> None:
    certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    assert trow_certificates(f"before\n{certificate}after") == certificate
    assert trow_certificates("-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n") == ""


def test_other_filters_refuse_what_they_are_not_for() -> None:
    with pytest.raises(AnsibleFilterError, match="no mapping"):
        trow_authority([])
    with pytest.raises(AnsibleFilterError, match="no text"):
        trow_certificates(None)
