# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of Trow share: one registry, which each file brings to the state it needs.

The image is a stand-in that takes the arguments of Trow's versions; see devcluster/stand_ins/trow.sh.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devcluster.certificates import authority
from tests.outside.clients import Clients
from tests.outside.kubectl import Kubectl
from tests.outside.layout import greeting, write
from tests.outside.node import Node
from tests.outside.trow import FOLDER, HOST, LABEL, NAMESPACE, TEXT, Trow


@pytest.fixture(scope="session")
def clients(facts: dict[str, Any], shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Clients:
    """Clients that find the registry at the node, and trust the CA that is given to the role."""
    folder = tmp_path_factory.mktemp("clients")
    found = Clients(folder, facts["dns_service"], {HOST: facts["node_address"]})
    authority(shared, "rootCA")
    found.trust((shared / "rootCA.crt").read_text())
    return found


@pytest.fixture(scope="session")
def place(facts: dict[str, Any], kubectl: Kubectl, clients: Clients, shared: Path) -> Iterator[Trow]:
    """Where the registry is to be, and how: with all that was once done by hand."""
    namespace, _, service = facts["ingress_service"].partition("/")
    kubectl("label", "node", facts["node_name"], f"{LABEL}=here", "--overwrite")
    variables: dict[str, object] = {
        "trow_namespace": NAMESPACE,
        "trow_host": HOST,
        "trow_overlay_dir": str(shared / "install"),
        "trow_overlay_name": "paas-sandbox",
        "trow_ca": "given",
        "trow_ca_certificate_file": str(shared / "rootCA.crt"),
        "trow_ca_private_key_file": str(shared / "rootCA.key"),
        "trow_ca_secret": "trow-tests-ca",
        "trow_issuer_name": "trow-tests-issuer",
        "trow_hostpath_path": FOLDER,
        "trow_hostpath_volume": "trow-tests-data",
        "trow_node_selector": {LABEL: "here"},
        "trow_ingress_class": facts["ingress_class"],
        "trow_ingress_controller": "other",
        "trow_ingress_annotations": {"projectcontour.io/response-timeout": "infinity"},
        "trow_ingress_service_name": service,
        "trow_ingress_service_namespace": namespace,
        "trow_external_ips": [facts["node_address"]],
        "trow_health_round_trip": True,
        "plane_failure_grace": 3,
        "plane_wait_timeout": 120,
    }
    yield Trow(kubectl, clients, Path(__file__).parents[1], variables)
    kubectl("label", "node", facts["node_name"], f"{LABEL}-")


@pytest.fixture(scope="module")
def registry(place: Trow) -> Trow:
    """One that is there."""
    done = place.run()
    assert done.code == 0, done.output
    return place


@pytest.fixture
def purged(place: Trow, node: Node) -> Trow:
    """Nothing of it is there, not even what a removal leaves."""
    gone = place.remove(purge_data=True)
    assert gone.code == 0, gone.output
    node.run("rm", "-rf", FOLDER)
    for path in sorted(place.tree.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return place


@pytest.fixture(scope="session")
def login(clients: Clients) -> Path:
    """Where clients keep what they have logged in with."""
    return clients.folder / "auth.json"


@pytest.fixture
def layout(busybox: Path, tmp_path: Path) -> str:
    """An image that prints TEXT, as skopeo names it."""
    return write(greeting(TEXT, busybox), tmp_path / "layout", "1")
