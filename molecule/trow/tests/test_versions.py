# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From version to version: each starts with its own arguments, and what would lose images is refused."""

from __future__ import annotations

import json

import pytest

from tests.outside.clients import Clients
from tests.outside.trow import HOST, Trow

IMAGE = f"docker://{HOST}/demo/old:1"
LATER = ("0.8", "0.9", "0.10")


@pytest.fixture(scope="module")
def oldest(place: Trow) -> Trow:
    """0.6, on an empty folder."""
    return place.with_variables(version="0.6")


def has_image(registry: Trow, clients: Clients) -> bool:
    creds = f"--creds=trow:{registry.password()}"
    return clients.skopeo("inspect", creds, IMAGE, check=False).returncode == 0


def running(registry: Trow) -> str:
    image = registry.pod()["spec"]["containers"][0]["image"]
    return str(image.rpartition(":")[2])


def test_0_6_runs_with_its_own_arguments_and_user(
    purged: Trow, oldest: Trow, clients: Clients, layout: str
) -> None:
    done = oldest.run()
    assert done.code == 0, done.output
    spec = oldest.pod()["spec"]
    assert spec["securityContext"]["runAsUser"] == 333333
    assert f"--name={HOST}" in spec["containers"][0]["args"]
    clients.skopeo("copy", f"--dest-creds=trow:{purged.password()}", layout, IMAGE)
    assert has_image(oldest, clients)
    assert oldest.run().changed == 0


@pytest.mark.parametrize("version", ["0.7", "0.10"])
def test_what_would_lose_the_images_is_refused(oldest: Trow, clients: Clients, version: str) -> None:
    before = oldest.state()
    for arguments in ((), ("--check",)):
        refused = oldest.run(*arguments, version=version)
        assert refused.code != 0
        assert "trow_accept_data_loss" in refused.output
        assert "skopeo" in refused.output
    assert oldest.state() == before
    assert has_image(oldest, clients)


def test_a_removal_in_between_does_not_help(oldest: Trow) -> None:
    removed = oldest.remove()
    assert removed.code == 0, removed.output
    refused = oldest.run(version="0.10")
    assert refused.code != 0
    assert "trow_accept_data_loss" in refused.output


def test_accepted_the_images_are_lost_and_the_registry_runs(oldest: Trow, clients: Clients) -> None:
    done = oldest.run(version="0.7", accept_data_loss=True)
    assert done.changed > 0
    assert running(oldest) == "0.7.5"
    assert not has_image(oldest, clients)


@pytest.mark.parametrize("version", LATER)
def test_later_versions_follow_one_another(place: Trow, clients: Clients, layout: str, version: str) -> None:
    if not has_image(place, clients):
        clients.skopeo("copy", f"--dest-creds=trow:{place.password()}", layout, IMAGE)
    done = place.run(version=version)
    assert done.changed > 0
    assert running(place).rpartition(".")[0] == version
    assert f"--hostname={HOST}" in json.dumps(place.pod()["spec"])
    assert has_image(place, clients)
    assert place.run(version=version).changed == 0


def test_there_is_no_way_back_to_0_6(place: Trow, clients: Clients) -> None:
    refused = place.run(version="0.6")
    assert refused.code != 0
    assert "trow_accept_data_loss" in refused.output
    assert has_image(place, clients)
