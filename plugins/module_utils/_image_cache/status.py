# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the statuses of a pod's containers say about the images that they hold.

Source: Kubernetes API, ContainerStatus and PodStatus. A kubelet never collects the image of a container that
exists, running or ended (kubelet, image garbage collection); so what ended with 0 still holds its image.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.kubelet_message import (
    reduce_message,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import condition, entries
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.pods import FAILURES
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.digest import parse_digest
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.errors import SyntaxFault

SLEEPER = "sleeper"
NO_POD = "NoPod"
NODE_NOT_READY = "NodeNotReady"
DIGEST_DIFFERS = "DigestDiffers"
_CRASHED = "CrashLoopBackOff"
# These say that the image could not be had; the rest of FAILURES, that a container could not be made of it.
_NO_IMAGE = frozenset(
    {
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
# What the kubelet notes for containers that ended unseen, as when the node was started anew.
_LOST = frozenset({"Unknown", "ContainerStatusUnknown"})
# The kubelet's own limit (registryPullQPS); it tells it as ErrImagePull, and tries again.
_TOO_MANY_PULLS = "pull QPS exceeded"
_EMPTY: Mapping[str, Any] = {}


class State(enum.Enum):
    """State of one image on one node."""

    CACHED = "cached"
    PULLING = "pulling"
    FAILED = "failed"
    STALE = "stale"
    UNSCHEDULED = "unscheduled"


@dataclass(frozen=True, slots=True)
class Cell:
    """One image on one node.

    :ivar digest: what the node holds; empty where that was not seen
    :ivar reason: one word, such as ``ErrImagePull``; empty for CACHED
    :ivar message: one line of at most 300 characters
    """

    state: State
    digest: str
    reason: str
    message: str

    @property
    def settled(self) -> bool:
        """Whether it can stay so: nothing is being pulled, and no pod is about to be made."""
        return self.state is not State.PULLING and self.reason != NO_POD


class Kind(enum.Enum):
    """What one container tells."""

    HOLDS = "runs, or ended with 0"
    WAITS = "is about to start"
    LACKS = "cannot have its image"
    BROKEN = "does not run with its image"


class Sight(NamedTuple):
    """What one container tells.

    :ivar holds: its image is on the node, whatever the kind
    :ivar image: its imageID; may be empty
    :ivar started: RFC 3339 time of its last start; empty where it never started
    :ivar message: as the kubelet wrote it
    """

    kind: Kind
    holds: bool
    image: str
    started: str
    reason: str
    message: str


class Outcome(NamedTuple):
    """What the containers of one image tell together; ``image`` is an imageID and may be empty."""

    state: State
    image: str
    reason: str
    message: str


_NOT_REPORTED = Sight(Kind.WAITS, False, "", "", "", "the kubelet has not reported on it yet")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else _EMPTY


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def see(status: object) -> Sight:
    """Read one entry of containerStatuses; None where the pod has none for the container."""
    if not isinstance(status, dict):
        return _NOT_REPORTED
    state = status.get("state")
    image = status.get("imageID")
    if not isinstance(image, str):
        image = ""
    if not isinstance(state, dict):
        return _waiting(status, _EMPTY, image)
    running = state.get("running")
    if isinstance(running, dict):
        return Sight(Kind.HOLDS, True, image, _text(running.get("startedAt")), "", "")
    ended = state.get("terminated")
    if isinstance(ended, dict):
        return _ended(status, ended, image)
    return _waiting(status, _mapping(state.get("waiting")), image)


def _ended(status: Mapping[str, Any], ended: Mapping[str, Any], image: str, word: str = "") -> Sight:
    started = _text(ended.get("startedAt"))
    code = ended.get("exitCode")
    if code == 0:
        return Sight(Kind.HOLDS, True, image, started, "", "")
    if _text(ended.get("reason")) in _LOST:
        return Sight(Kind.HOLDS if image else Kind.WAITS, bool(image), image, started, "", "")
    reason, said = word or _text(ended.get("reason")) or "Error", _text(ended.get("message"))
    shown = code if isinstance(code, int) else "not told"
    message = f"container {_text(status.get('name'))} ended with exit code {shown}"
    return Sight(Kind.BROKEN, bool(image), image, started, reason, f"{message}: {said}" if said else message)


def _waiting(status: Mapping[str, Any], waiting: Mapping[str, Any], image: str) -> Sight:
    word = _text(waiting.get("reason"))
    last = _mapping(_mapping(status.get("lastState")).get("terminated"))
    # A container that ended and now waits out its back-off says by its last exit what it is.
    if word == _CRASHED and last:
        return _ended(status, last, image, _CRASHED)
    started = _text(last.get("startedAt"))
    held = bool(image) or bool(last and last.get("exitCode") == 0)
    if held and (word == _CRASHED or word not in FAILURES):
        return Sight(Kind.HOLDS, True, image, started, "", "")
    kind = Kind.LACKS if word in _NO_IMAGE else Kind.BROKEN if word in FAILURES else Kind.WAITS
    if _TOO_MANY_PULLS in _text(waiting.get("message")):
        kind = Kind.WAITS
    return Sight(kind, held, image, started, word, _text(waiting.get("message")))


def outcome(pin: Sight, refreshes: Iterable[Sight]) -> Outcome:
    """Join what the pin container of an image and its refresh containers tell.

    A pin that cannot run has failed. Otherwise the image is on the node where any of them holds it, with the
    imageID of the one that started last; it is stale where one of them cannot ask the registry any more.
    """
    newest, held, asked = pin, pin.holds, ""
    lacking = pin if pin.kind is Kind.LACKS else None
    for refresh in refreshes:
        if refresh.holds:
            held = True
            asked = max(asked, refresh.started)
            if refresh.image and (not newest.image or refresh.started >= newest.started):
                newest = refresh
        if lacking is None and refresh.kind in (Kind.LACKS, Kind.BROKEN) and not _between_runs(refresh):
            lacking = refresh
    if pin.kind is Kind.BROKEN:
        return Outcome(State.FAILED, newest.image, *reduce_message(pin.reason, pin.message))
    if not held:
        state = State.FAILED if pin.kind is Kind.LACKS else State.PULLING
        return Outcome(state, "", *reduce_message(pin.reason, pin.message))
    if lacking is not None:
        reason, message = reduce_message(lacking.reason, lacking.message)
        told = _not_refreshed(asked or pin.started, reason, message)
        return Outcome(State.STALE, newest.image, reason, told)
    return Outcome(State.CACHED, newest.image, "", "")


def _between_runs(refresh: Sight) -> bool:
    # Such as after the node was started again: it has ended otherwise than with 0, and is not waiting yet.
    return refresh.kind is Kind.BROKEN and refresh.reason not in FAILURES


def _not_refreshed(started: str, reason: str, message: str) -> str:
    # To the hour, as ISO 8601 allows: by the minute each node would have a message of its own.
    since = f" since {started[:13]}Z" if started[10:11] == "T" else ""
    return f"not refreshed{since}: {': '.join(filter(None, (reason, message)))}"


def pod_outcome(pod: Mapping[str, Any]) -> Outcome | None:
    """Give what holds for all images of a pod that is not on its node, or not any more; else None."""
    status = _mapping(pod.get("status"))
    phase = status.get("phase")
    if phase == "Running":
        return None
    if phase == "Failed":
        word = _text(status.get("reason")) or "Failed"
        return Outcome(State.UNSCHEDULED, "", *reduce_message(word, _text(status.get("message"))))
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        word, message = _text(scheduled.get("reason")), _text(scheduled.get("message"))
        return Outcome(State.UNSCHEDULED, "", *reduce_message(word, message))
    return None


def sleeper_failure(pod: Mapping[str, Any]) -> Outcome | None:
    """Give why the pod's init container ``sleeper`` fails; None where it does not."""
    for status in entries(pod, "status", "initContainerStatuses"):
        if status.get("name") != SLEEPER:
            continue
        sight = see(status)
        if sight.kind in (Kind.LACKS, Kind.BROKEN):
            reason, message = reduce_message(sight.reason, sight.message)
            named = " ".join(filter(None, (f"{SLEEPER} image", _text(status.get("image")))))
            return Outcome(State.FAILED, "", reason, f"{named}: {message}")
    return None


def with_sleeper_failure(of_pin: Outcome, failure: Outcome) -> Outcome:
    """Give a pin's outcome while the pod's sleeper fails: an image that was held before is only stale."""
    if of_pin.state is State.CACHED:
        return Outcome(State.STALE, of_pin.image, failure.reason, failure.message)
    return failure if of_pin.state is State.PULLING else of_pin


def digest_of(image: str) -> str:
    """Give the digest of an imageID; empty where it tells none.

    A bare ``sha256:...`` is that of the image's configuration, which no registry has under the image's name.
    """
    _name, at, digest = image.rpartition("@")
    try:
        return sys.intern(str(parse_digest(digest))) if at else ""
    except SyntaxFault:
        return ""
