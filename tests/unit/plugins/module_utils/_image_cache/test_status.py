# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What container statuses say about the images that a node holds.

The forms are those of kubelet 1.36 with containerd, with names shortened.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.kubelet_message import (
    LONGEST_MESSAGE,
    reduce_message,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.status import (
    Cell,
    Kind,
    Outcome,
    State,
    digest_of,
    outcome,
    pod_outcome,
    see,
    sleeper_failure,
    with_sleeper_failure,
)

OLD, NEW = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
RESOLVER = (
    'rpc error: code = NotFound desc = failed to pull and unpack image "127.0.0.1:5000/a:1": failed to '
    'resolve reference "127.0.0.1:5000/a:1": 127.0.0.1:5000/a:1: not found'
)
BACK_OFF = f'Back-off pulling image "127.0.0.1:5000/a:1": ErrImagePull: {RESOLVER}'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def image(digest: str) -> str:
    return f"docker.io/library/a@{digest}"


def running(digest: str = OLD, started: str = "2026-11-21T09:00:00Z") -> dict[str, Any]:
    return {"name": "c", "imageID": image(digest), "state": {"running": {"startedAt": started}}}


def ended(code: Any, image_id: str = image(OLD), **more: Any) -> dict[str, Any]:
    terminated = {"exitCode": code, "reason": "Completed" if code == 0 else "Error", **more}
    return {"name": "c", "imageID": image_id, "state": {"terminated": terminated}}


def waiting(
    reason: str, message: str = "", image_id: str = "", last_code: int | None = None, started: str = ""
) -> dict[str, Any]:
    status: dict[str, Any] = {
        "name": "c",
        "imageID": image_id,
        "state": {"waiting": {"reason": reason, "message": message}},
    }
    if last_code is not None:
        status["lastState"] = {"terminated": {"exitCode": last_code, "startedAt": started}}
    return status


def judged(pin: dict[str, Any] | None, *refreshes: dict[str, Any] | None) -> Outcome:
    return outcome(see(pin), [see(refresh) for refresh in refreshes])


@pytest.mark.parametrize(
    ("pin", "state", "held", "reason", "message"),
    [
        pytest.param(running(), State.CACHED, image(OLD), "", "", id="runs"),
        pytest.param(ended(0), State.CACHED, image(OLD), "", "", id="ended between refreshes"),
        pytest.param(
            waiting("CrashLoopBackOff", "back-off 20s restarting failed container=c", image(OLD), 0),
            State.CACHED,
            image(OLD),
            "",
            "",
            id="waits for its restart after 0",
        ),
        pytest.param(
            waiting("ContainerCreating", "", image(OLD)), State.CACHED, image(OLD), "", "", id="is remade"
        ),
        pytest.param(
            waiting("ContainerCreating"), State.PULLING, "", "ContainerCreating", "", id="is being made"
        ),
        pytest.param(waiting("PodInitializing"), State.PULLING, "", "PodInitializing", "", id="init runs"),
        pytest.param(
            None, State.PULLING, "", "", "the kubelet has not reported on it yet", id="no status yet"
        ),
        pytest.param(
            waiting("ErrImagePull", RESOLVER),
            State.FAILED,
            "",
            "ErrImagePull",
            "127.0.0.1:5000/a:1: not found",
            id="pull",
        ),
        pytest.param(
            waiting("ImagePullBackOff", BACK_OFF),
            State.FAILED,
            "",
            "ErrImagePull",
            "127.0.0.1:5000/a:1: not found",
            id="back-off with its cause",
        ),
        pytest.param(
            waiting("ImagePullBackOff", 'Back-off pulling image "a"'),
            State.FAILED,
            "",
            "ImagePullBackOff",
            'Back-off pulling image "a"',
            id="back-off of an older kubelet",
        ),
        pytest.param(
            waiting("InvalidImageName", 'Failed to apply default image tag "A": invalid'),
            State.FAILED,
            "",
            "InvalidImageName",
            'Failed to apply default image tag "A": invalid',
            id="invalid name",
        ),
        pytest.param(
            waiting("CreateContainerError", "no command specified", image(OLD)),
            State.FAILED,
            image(OLD),
            "CreateContainerError",
            "no command specified",
            id="cannot be made although the image is there",
        ),
        pytest.param(
            ended(137, message="killed"),
            State.FAILED,
            image(OLD),
            "Error",
            "container c ended with exit code 137: killed",
            id="exit",
        ),
        pytest.param(
            ended("0"),
            State.FAILED,
            image(OLD),
            "Error",
            "container c ended with exit code not told",
            id="an exit code that is no number is not 0",
        ),
        pytest.param(
            waiting("CrashLoopBackOff", "back-off 20s restarting failed container", image(OLD), 1),
            State.FAILED,
            image(OLD),
            "CrashLoopBackOff",
            "container c ended with exit code 1",
            id="crashes",
        ),
        pytest.param(
            waiting("ErrImagePull", "unauthorized", image(OLD), 0, "2026-11-21T08:15:00Z"),
            State.STALE,
            image(OLD),
            "ErrImagePull",
            "not refreshed since 2026-11-21T08Z: ErrImagePull: unauthorized",
            id="held, although its policy was made Always",
        ),
        pytest.param(
            waiting("SomethingNew", "odd"), State.PULLING, "", "SomethingNew", "odd", id="unknown reason"
        ),
    ],
)
def test_one_container(
    pin: dict[str, Any] | None, state: State, held: str, reason: str, message: str
) -> None:
    assert judged(pin) == Outcome(state, held, reason, message)


def test_the_refresh_container_tells_the_digest_if_it_started_later() -> None:
    early, late = "2026-11-21T09:00:00Z", "2026-11-21T10:00:00Z"
    assert judged(running(OLD, early), running(NEW, late)).image == image(NEW)
    assert judged(running(NEW, late), running(OLD, early)).image == image(NEW)
    assert judged(running(OLD, early), ended(0, image(NEW), startedAt=late)).image == image(NEW)
    waits = waiting("CrashLoopBackOff", "", image(NEW), 0, late)
    assert judged(running(OLD, early), waits).image == image(NEW)


def test_a_refresh_container_holds_the_image_while_the_pin_is_about_to_start() -> None:
    found = judged(waiting("ContainerCreating"), running(NEW))
    assert (found.state, found.image) == (State.CACHED, image(NEW))


def test_a_refresh_that_starts_does_not_hide_that_the_pin_runs() -> None:
    assert judged(running(), waiting("ContainerCreating")).state is State.CACHED


def test_an_image_is_stale_since_its_last_refresh_while_the_registry_does_not_answer() -> None:
    first = ended(0, startedAt="2026-11-21T07:59:00Z")
    fails = waiting("ImagePullBackOff", BACK_OFF, image(OLD), 0, "2026-11-21T07:00:00Z")
    assert judged(running(OLD, "2026-11-21T09:30:00Z"), first, fails) == Outcome(
        State.STALE,
        image(OLD),
        "ErrImagePull",
        "not refreshed since 2026-11-21T07Z: ErrImagePull: 127.0.0.1:5000/a:1: not found",
    )


def test_a_refresh_that_never_succeeded_counts_from_the_pin_or_tells_no_time() -> None:
    fails = waiting("ErrImagePull", "refused")
    assert judged(running(), fails).message == "not refreshed since 2026-11-21T09Z: ErrImagePull: refused"
    assert judged(running(started=""), fails).message == "not refreshed: ErrImagePull: refused"


def test_the_refresh_counts_where_pin_and_refresh_started_in_the_same_second() -> None:
    refreshed = {**running(NEW), "name": "refresh"}
    assert judged(running(OLD), refreshed).image == image(NEW)


def test_the_kubelets_own_limit_of_pulls_is_no_failure() -> None:
    for word in ("ErrImagePull", "ImagePullBackOff"):
        limited = waiting(word, 'Back-off pulling image "a": ErrImagePull: pull QPS exceeded')
        assert judged(limited).state is State.PULLING
        assert judged(running(), limited).state is State.CACHED


def test_what_ended_while_the_kubelet_did_not_look_has_not_failed() -> None:
    lost = ended(255, reason="Unknown")
    assert judged(lost).state is State.CACHED
    assert judged(ended(137, "", reason="ContainerStatusUnknown")).state is State.PULLING


def test_a_failing_refresh_does_not_make_an_image_that_never_came_stale() -> None:
    fails = waiting("ErrImagePull", "refused")
    assert judged(waiting("ErrImagePull", "refused"), fails).state is State.FAILED
    assert judged(waiting("ContainerCreating"), fails).state is State.PULLING


def test_a_refresh_that_crashes_is_told_once_it_waits() -> None:
    assert judged(running(), ended(255)).state is State.CACHED
    crashes = judged(running(), waiting("CrashLoopBackOff", "", image(OLD), 137))
    assert (crashes.state, crashes.reason) == (State.STALE, "CrashLoopBackOff")
    assert crashes.message.endswith("CrashLoopBackOff: container c ended with exit code 137")


@pytest.mark.parametrize(
    ("image_id", "digest"),
    [
        (f"docker.io/library/a@{OLD}", OLD),
        (f"docker-pullable://docker.io/library/a@{OLD}", OLD),
        (OLD, ""),
        ("", ""),
        ("docker.io/library/a@sha256:short", ""),
        ("@", ""),
    ],
)
def test_digest_of_an_image_id(image_id: str, digest: str) -> None:
    assert digest_of(image_id) == digest


@pytest.mark.parametrize(
    ("raw", "reduced"),
    [
        (
            'failed to pull and unpack image "r/a:1": failed to resolve reference "r/a:1": EOF',
            "EOF",
        ),
        (
            "dial tcp: lookup r on 10.96.0.10:53: read udp 10.244.0.7:41234->10.96.0.10:53: i/o timeout",
            "dial tcp: lookup r on 10.96.0.10:53: read udp 10.96.0.10:53: i/o timeout",
        ),
        ("rpc error: code = Unknown desc = ", "rpc error: code = Unknown desc ="),
        ("two\nlines\x1b[31m", "two lines [31m"),
    ],
)
def test_messages(raw: str, reduced: str) -> None:
    assert reduce_message("ErrImagePull", raw) == ("ErrImagePull", reduced)


def test_back_off_names_the_reason_that_led_to_it() -> None:
    message = 'Back-off pulling image "a": SignatureValidationFailed: no signature'
    assert reduce_message("ImagePullBackOff", message) == ("SignatureValidationFailed", "no signature")
    message = 'Back-off pulling image "a": unauthorized: no'
    assert reduce_message("ImagePullBackOff", message) == ("ImagePullBackOff", "unauthorized: no")


def test_long_messages_are_cut() -> None:
    _reason, message = reduce_message("ErrImagePull", "x" * 100_000)
    assert len(message) == LONGEST_MESSAGE
    assert message.endswith("...")


def test_pods_that_are_not_on_their_node() -> None:
    words = "0/3 nodes are available: 1 Insufficient memory."
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": words}
    pending = {"status": {"phase": "Pending", "conditions": [condition]}}
    assert pod_outcome(pending) == Outcome(State.UNSCHEDULED, "", "Unschedulable", words)
    evicted = {"status": {"phase": "Failed", "reason": "Evicted", "message": "The node had disk pressure"}}
    assert pod_outcome(evicted) == Outcome(State.UNSCHEDULED, "", "Evicted", "The node had disk pressure")
    assert pod_outcome({"status": {"phase": "Failed"}}) == Outcome(State.UNSCHEDULED, "", "Failed", "")


def test_pods_that_are_on_their_node() -> None:
    condition = {"type": "PodScheduled", "status": "True"}
    assert pod_outcome({"status": {"phase": "Pending", "conditions": [condition]}}) is None
    assert pod_outcome({"status": {"phase": "Running"}}) is None
    assert pod_outcome({}) is None


def sleeping(status: dict[str, Any]) -> dict[str, Any]:
    named = {**status, "name": "sleeper", "image": "docker.io/library/busybox:1.36"}
    return {"status": {"initContainerStatuses": [named]}}


def test_the_sleeper_that_cannot_be_pulled_is_named() -> None:
    found = sleeper_failure(sleeping(waiting("ErrImagePull", "refused")))
    words = "sleeper image docker.io/library/busybox:1.36: refused"
    assert found == Outcome(State.FAILED, "", "ErrImagePull", words)


@pytest.mark.parametrize(
    "status",
    [running(), ended(0), waiting("PodInitializing"), waiting("ContainerCreating")],
    ids=["runs", "ended", "initialising", "creating"],
)
def test_the_sleeper_that_does_not_fail(status: dict[str, Any]) -> None:
    assert sleeper_failure(sleeping(status)) is None
    assert sleeper_failure({"status": {}}) is None


def test_the_sleeper_that_crashes() -> None:
    found = sleeper_failure(sleeping(ended(1)))
    assert found is not None
    assert found.message.endswith("container sleeper ended with exit code 1")


def test_what_a_failing_sleeper_leaves() -> None:
    failure = Outcome(State.FAILED, "", "ErrImagePull", "sleeper image b: refused")
    assert with_sleeper_failure(judged(waiting("PodInitializing")), failure) == failure
    held = with_sleeper_failure(judged(running()), failure)
    assert held == Outcome(State.STALE, image(OLD), "ErrImagePull", "sleeper image b: refused")
    own = judged(waiting("InvalidImageName"))
    assert with_sleeper_failure(own, failure) == own


def test_what_is_settled() -> None:
    assert Cell(State.FAILED, "", "ErrImagePull", "").settled
    assert Cell(State.UNSCHEDULED, "", "Unschedulable", "").settled
    assert not Cell(State.PULLING, "", "", "").settled
    assert not Cell(State.UNSCHEDULED, "", "NoPod", "").settled


@given(JSON, JSON, JSON, JSON, JSON)
def test_nothing_in_a_status_raises(whole: Any, state: Any, part: Any, word: Any, last: Any) -> None:
    for status in (
        whole,
        {"state": state, "imageID": part, "lastState": last, "name": word},
        {"state": {"running": part}, "imageID": word},
        {"state": {"running": {"startedAt": part}}, "imageID": word},
        {"state": {"terminated": {"exitCode": part, "reason": word, "message": last}}},
        {"state": {"waiting": {"reason": word, "message": part}}, "lastState": {"terminated": last}},
        {
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": part}},
        },
    ):
        found = outcome(see(status), [see(whole), see(status)])
        assert found.state in (State.CACHED, State.PULLING, State.FAILED, State.STALE)
        assert isinstance(found.image, str)


@given(st.text(), st.text())
def test_a_message_is_one_line(word: str, message: str) -> None:
    for raw in (message, f'Back-off pulling image "a": {message}', f"rpc error: code = X desc = {message}"):
        _word, reduced = reduce_message(word, raw)
        assert len(reduced) <= LONGEST_MESSAGE
        assert reduced.isprintable()


def test_every_kind_is_seen() -> None:
    statuses = (running(), waiting("ContainerCreating"), waiting("ErrImagePull"), ended(1))
    assert [see(status).kind for status in statuses] == list(Kind)
