# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.clusterdepot.artifacts.plugins.filter.trow import FilterModule, trow

HOST = "paasregistry.lapin.io"


def test_it_is_a_filter_by_its_name() -> None:
    assert FilterModule().filters() == {"trow": trow}


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
