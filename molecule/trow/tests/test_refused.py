# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong is told at once, all of it, and nothing was written."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.outside.trow import Trow


def test_all_faults_are_told_before_the_first_write(purged: Trow) -> None:
    refused = purged.run(
        host="no host", version="0.5", storage_size="much", external_ips=["nowhere"], admission=True
    )
    assert refused.code != 0
    for name in ("host", "version", "storage_size", "external_ips", "admission"):
        assert f"trow_{name}" in refused.output, name
    assert not purged.is_there()
    assert purged.files() == {}


def test_names_that_no_object_may_have_are_told(purged: Trow) -> None:
    # The role looks for objects of these names before it judges them.
    wrong = {"namespace": "trow-", "claim": "50%", "ca_secret": "50%", "password_secret": "a b"}
    refused = purged.run(**wrong)
    assert refused.code != 0
    for name, value in wrong.items():
        assert re.search(rf"trow_{name}( is|:) '{value}'", refused.output), name
    assert not purged.is_there()
    assert purged.files() == {}


def test_an_unquoted_version_is_understood_as_a_mistake(place: Trow) -> None:
    refused = place.run(version=0.1)
    assert refused.code != 0
    assert "quotes" in refused.output


def test_an_issuer_that_is_not_there_is_refused(place: Trow) -> None:
    refused = place.run(ca="none", issuer_name="nobody")
    assert refused.code != 0
    assert "trow_issuer_name" in refused.output
    assert not place.is_there()


def test_a_key_that_is_none_is_refused(place: Trow, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key")
    refused = place.run(ca_private_key_file=str(tmp_path / "key"))
    assert refused.code != 0
    assert "trow_ca_private_key_file" in refused.output
    assert "no key" not in refused.output


def test_the_key_of_the_ca_in_the_place_of_its_certificate_is_refused_and_not_told(place: Trow) -> None:
    key = Path(str(place.variables["trow_ca_private_key_file"]))
    refused = place.run(ca_certificate_file=str(key))
    assert refused.code != 0
    assert "trow_ca_certificate_file" in refused.output
    assert key.read_text().splitlines()[1][:8] not in refused.output
    assert not place.is_there()


def test_a_ca_of_somebody_else_is_refused_and_kept(purged: Trow) -> None:
    kubectl = purged.kubectl
    issuer, secret = str(purged.variables["trow_issuer_name"]), str(purged.variables["trow_ca_secret"])
    foreign = {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": issuer}}
    kubectl("create", "-f", "-", standard_input=json.dumps({**foreign, "spec": {"selfSigned": {}}}))
    kubectl("create", "secret", "generic", "-n", "cert-manager", secret, "--from-literal=tls.key=mine")
    try:
        for authority in ("given", "generated"):
            refused = purged.run(ca=authority)
            assert refused.code != 0
            assert f"ClusterIssuer {issuer} is there" in " ".join(refused.output.split())
            assert f"cert-manager/{secret} is there" in " ".join(refused.output.split())
        assert not purged.is_there()
        removed = purged.remove(purge_data=True, ca="generated")
        assert removed.code == 0, removed.output
        assert kubectl.get("clusterissuer", issuer)["spec"] == {"selfSigned": {}}
        assert kubectl.secret("cert-manager", secret, "tls.key") == "mine"
    finally:
        kubectl("delete", "clusterissuer", issuer)
        kubectl("delete", "secret", "-n", "cert-manager", secret)
