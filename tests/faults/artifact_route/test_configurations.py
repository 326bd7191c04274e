# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations that nothing needs any more, and those that are not what their names tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils import _artifact_router
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._artifact_router import (
    FIELD_MANAGER,
    YOUNG_SECONDS,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._artifact_router_restore import (
    RolledOut,
    remember,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.stored import (
    render_router,
    routes_configmap,
)
from tests.faults.artifact_route.place import Place

_SECONDS = 30.0


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets as much time pass as makes all configurations old, which nobody could wait for."""
    now = _artifact_router._now

    def pass_time() -> None:
        monkeypatch.setattr(_artifact_router, "_now", lambda: now() + YOUNG_SECONDS + 60)

    return pass_time


def test_a_young_configuration_stays_and_an_old_one_goes(place: Place, later: Callable[[], None]) -> None:
    old, _configmap = render_router(place.router("base"))
    about_to_be_used, configmap = render_router(place.router("base", "other"))
    place.client.apply(configmap, field_manager=FIELD_MANAGER)
    with place.kubelet():
        added = place.add("first", wait_timeout=_SECONDS)
    assert added["pruned"] == []
    place.configmap(about_to_be_used)
    later()
    expected = sorted((old, about_to_be_used))
    assert place.change(check_mode=True)["pruned"] == expected
    done = place.change()
    assert done["pruned"] == expected
    # As documented, this is none.
    assert done["changed"] is False
    assert place.change()["pruned"] == []
    place.assert_whole("base", "first")


def test_what_rolled_out_last_stays_however_old_and_is_put_back_as_it_was(
    place: Place, later: Callable[[], None]
) -> None:
    """Even where another version of this collection has made another configuration of the routes."""
    router, name = place.router("base"), "artifact-router-config-as-it-was"
    _configuration, configmap = render_router(router)
    configmap["metadata"]["name"] = name
    place.client.apply(configmap, field_manager=FIELD_MANAGER)
    remember(place.client, RolledOut(router, name))
    # Of a run that died: the pods have what neither they nor the memory name.
    place.client.apply(routes_configmap(place.router("base", "dead")), field_manager=FIELD_MANAGER)
    later()
    assert name not in place.change(wait=False)["pruned"]
    failed = place.add("first")
    assert failed["restored"] is True
    assert place.live().router == router
    assert place.live().configuration == name


def test_one_that_is_used_again_is_not_deleted_by_another_run(
    place: Place, later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its look at all configurations and the deletion."""
    name, configmap = render_router(place.router("base", "again"))
    place.client.apply(configmap, field_manager=FIELD_MANAGER)
    later()
    delete = KubeClient.delete
    uses = [lambda: place.add("again", wait=False)]

    def delete_after(self: KubeClient, *arguments: Any, **options: Any) -> bool:
        if uses:
            assert not uses.pop()().get("failed")
        return delete(self, *arguments, **options)

    monkeypatch.setattr(KubeClient, "delete", delete_after)
    done = place.change()
    assert not done.get("failed"), done["msg"]
    assert done["pruned"] == []
    place.configmap(name)
    # It is young again, but only whoever begins to use it says so.
    version = place.configmap(name)["metadata"]["resourceVersion"]
    with place.kubelet():
        assert not place.change(wait_timeout=_SECONDS).get("failed")
    assert place.configmap(name)["metadata"]["resourceVersion"] == version
    place.assert_whole("base", "again")


def test_one_that_goes_while_it_is_looked_at_is_made_anew(
    place: Place, later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, configmap = render_router(place.router("base", "again"))
    place.client.apply(configmap, field_manager=FIELD_MANAGER)
    later()
    patch = KubeClient.patch

    def patch_after(self: KubeClient, *arguments: Any) -> Any:
        self.delete("v1", "ConfigMap", place.namespace, name)
        return patch(self, *arguments)

    monkeypatch.setattr(KubeClient, "patch", patch_after)
    with place.kubelet():
        done = place.add("again", wait_timeout=_SECONDS)
    assert not done.get("failed"), done["msg"]
    place.assert_whole("base", "again")


@pytest.mark.parametrize("immutable", [True, False])
def test_a_configuration_that_is_another_than_its_name_tells_is_made_anew(
    place: Place, immutable: bool
) -> None:
    name, configmap = render_router(place.router("base", "first"))
    other = {**configmap, "data": {"haproxy.cfg": "nonsense\n"}, "immutable": immutable}
    place.client.apply(other, field_manager="somebody")
    before = place.configmap(name)
    assert (
        place.change(
            check_mode=True, name="first", conditions={"paths": ["/first"]}, host="first.example.org"
        )["changed"]
        is True
    )
    assert place.configmap(name) == before
    with place.kubelet():
        done = place.add("first", wait_timeout=_SECONDS)
    assert not done.get("failed"), done["msg"]
    assert place.configmap(name)["immutable"] is True
    place.assert_whole("base", "first")
