# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two that change routes at the same time, where rollouts fail: in the end, stored routes and pods agree."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils import _artifact_router_change as change
from ansible_collections.clusterdepot.artifacts.plugins.module_utils import (
    _artifact_router_restore as restore,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._apply import apply as _apply
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._artifact_router import (
    DEPLOYMENT_FIELD_MANAGER,
    FIELD_MANAGER,
    rolled_out_name,
    write_routes,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, KubeError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.stored import routes_configmap
from tests.faults.artifact_route.place import Place

_SECONDS = 30.0


def _send(client: KubeClient, objects: Any) -> None:
    for one in objects:
        client.apply(one, field_manager=DEPLOYMENT_FIELD_MANAGER)


def _once(monkeypatch: pytest.MonkeyPatch, event: Callable[[], None], *, sent: bool) -> None:
    """Let something happen when routes are stored and, if ``sent``, the Deployment has been changed too."""
    left = [event]

    def apply(client: KubeClient, objects: Any, *arguments: Any) -> dict[str, Any]:
        if left:
            happens = left.pop()
            if sent:
                _send(client, objects)
            happens()
        return _apply(client, objects, *arguments)

    monkeypatch.setattr(change, "apply", apply)


def test_the_second_fails_while_the_first_waits(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, Any]] = []

    def second() -> None:
        seen.append(place.add("second"))
        place.assert_whole("base")

    _once(monkeypatch, second, sent=True)
    first = place.add("first")
    assert seen[0]["failed"]
    assert seen[0]["restored"] is True
    assert "without what others had stored" in seen[0]["msg"]
    # It took the old routes for the end of its rollout, saw that its own were gone, and tried once more.
    assert first["failed"]
    assert first["restored"] is True
    place.assert_whole("base")


def test_the_first_fails_while_the_second_waits(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    first_sent, second_sent, first_ended = (threading.Event() for _ in range(3))

    def apply(client: KubeClient, objects: Any, *arguments: Any) -> dict[str, Any]:
        _send(client, objects)
        if threading.current_thread() is thread:
            second_sent.set()
            assert first_ended.wait(_SECONDS)
        else:
            first_sent.set()
            assert second_sent.wait(_SECONDS)
        return _apply(client, objects, *arguments)

    seen: list[dict[str, Any]] = []

    def second() -> None:
        assert first_sent.wait(_SECONDS)
        seen.append(place.add("second"))

    monkeypatch.setattr(change, "apply", apply)
    thread = threading.Thread(target=second)
    thread.start()
    first = place.add("first")
    first_ended.set()
    thread.join()
    # Its routes are the second's as well, which still waits for them.
    assert first["failed"]
    assert first["restored"] is False
    assert "theirs are stored" in first["msg"]
    assert "have yet to roll out; run this again" in first["msg"]
    assert seen[0]["failed"]
    assert seen[0]["restored"] is True
    place.assert_whole("base")


def test_one_that_succeeds_wholly_before_another_rolls_out_and_fails(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def second() -> None:
        with place.kubelet():
            done = place.add("second", wait_timeout=_SECONDS)
        assert not done.get("failed"), done["msg"]
        place.assert_whole("base", "first", "second")

    _once(monkeypatch, second, sent=False)
    first = place.add("first")
    assert first["failed"]
    assert first["restored"] is False
    assert "theirs are stored, and the Deployment has them, and rolled out before" in first["msg"]
    place.assert_whole("base", "first", "second")


def test_one_that_stores_while_old_routes_are_put_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at what is stored and the write of the old routes."""
    left = [place.router("base", "first", "third")]

    def write_after(client: KubeClient, *arguments: Any) -> str | None:
        if left:
            client.apply(routes_configmap(left.pop()), field_manager=FIELD_MANAGER)
        return write_routes(client, *arguments)

    monkeypatch.setattr(restore, "write_routes", write_after)
    failed = place.add("first")
    assert failed["restored"] is False
    assert "have yet to roll out; run this again" in failed["msg"]
    with place.kubelet():
        repaired = place.change(wait_timeout=_SECONDS)
    assert not repaired.get("failed")
    place.assert_whole("base", "first", "third")


def test_old_routes_that_cannot_be_put_back_are_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Because rights are taken away, or because others never rest."""

    def refuse(*_arguments: Any) -> str | None:
        raise KubeError("configmaps is forbidden", status=403)

    for write, why in (
        (refuse, "configmaps is forbidden"),
        (lambda *_: None, "others change the routes over"),
    ):
        monkeypatch.setattr(restore, "write_routes", write)
        failed = place.add("first")
        assert failed["restored"] is False
        assert failed["changed"] is True
        assert f"the old routes could not be put back: {why}" in failed["msg"]
        assert "the pods may have other routes than those that are stored; run this again" in failed["msg"]
        monkeypatch.undo()
        with place.kubelet():
            assert not place.change(name="first", state="absent", wait_timeout=_SECONDS).get("failed")
        place.assert_whole("base")


def test_routes_that_a_dead_run_has_stored_are_not_what_is_put_back(place: Place) -> None:
    place.client.apply(routes_configmap(place.router("base", "dead")), field_manager=FIELD_MANAGER)
    failed = place.add("first")
    assert failed["restored"] is True
    assert "without what others had stored since then" in failed["msg"]
    place.assert_whole("base")


def test_without_a_change_nothing_is_taken_back(place: Place) -> None:
    place.client.apply(routes_configmap(place.router("base", "dead")), field_manager=FIELD_MANAGER)
    failed = place.change()
    assert failed["restored"] is False
    assert (
        "these routes were there before and stay, but have yet to roll out; run this again" in failed["msg"]
    )
    # Of the Deployment, which the dead run had not come to.
    assert failed["changed"] is True
    with place.kubelet():
        repaired = place.change(wait_timeout=_SECONDS)
    assert not repaired.get("failed"), repaired["msg"]
    place.assert_whole("base", "dead")


def test_where_nothing_is_remembered_that_is_told(place: Place) -> None:
    place.client.delete("v1", "ConfigMap", place.namespace, rolled_out_name(place.router()))
    place.client.apply(routes_configmap(place.router("base", "dead")), field_manager=FIELD_MANAGER)
    failed = place.add("first")
    assert failed["restored"] is True
    assert failed["changed"] is True
    assert "nothing tells that they ever rolled out; run this again" in failed["msg"]
    assert [one.name for one in place.live().router.routes] == ["base", "dead"]
    with place.kubelet():
        place.change(wait_timeout=_SECONDS)
    place.assert_whole("base", "dead")


def test_what_is_remembered_is_no_change_and_is_foretold_without_a_trace(place: Place) -> None:
    name = rolled_out_name(place.router())
    place.client.delete("v1", "ConfigMap", place.namespace, name)
    assert place.change(check_mode=True)["changed"] is False
    assert place.client.get("v1", "ConfigMap", place.namespace, name) is None
    assert place.change()["changed"] is False
    before = place.configmap(name)
    assert place.change()["changed"] is False
    assert place.configmap(name) == before
