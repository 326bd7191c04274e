# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the DaemonSet controller tells of pods that it may not make, as under a quota or by a webhook.

Source: the events of Kubernetes' DaemonSet controller, whose reason is FailedCreate where the API server
refused a pod.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.kubelet_message import (
    LONGEST_MESSAGE,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.matrix import Matrix
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.status import (
    NO_POD,
    Cell,
    State,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._objects.key import dig, text
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._oci.printable import printable

FAILED_CREATE = "FailedCreate"
NEWEST_AGE = datetime.timedelta(minutes=5)
# As the matrix has it; that a pod is on its way out has another message, and says nothing of the next one.
_NO_POD_YET = "no pod yet"
# What is wrapped around the cause; the pod's name ends at random, and would make each message another one.
_WRAPPING = re.compile(
    r'(?:\(combined from similar events\): )?Error creating: (?:pods "[^"]*" is forbidden: )?(?=\S)'
)


def refusals_of(
    events: Iterable[Mapping[str, Any]], daemonsets: Collection[str], now: datetime.datetime
) -> dict[str, str]:
    """Give the cause in each DaemonSet's newest event, unless that is older than NEWEST_AGE.

    :param events: raw, all of one namespace; what has no time that can be read is passed over
    :param daemonsets: names
    :param now: with a time zone
    """
    newest: dict[str, tuple[datetime.datetime, str]] = {}
    for event in events:
        name, message, told = text(event, "involvedObject", "name"), text(event, "message"), _time_of(event)
        if name not in daemonsets or name is None or message is None or told is None:
            continue
        if now - told <= NEWEST_AGE and (name not in newest or told > newest[name][0]):
            newest[name] = told, message
    return {name: _WRAPPING.sub("", message, count=1) for name, (_told, message) in newest.items()}


def _time_of(event: Mapping[str, Any]) -> datetime.datetime | None:
    """When it happened last; where it is counted in a series, other fields are those of its first time."""
    times = (
        dig(event, "series", "lastObservedTime"),
        dig(event, "lastTimestamp"),
        dig(event, "eventTime"),
        dig(event, "metadata", "creationTimestamp"),
    )
    for written in times:
        try:
            told = datetime.datetime.fromisoformat(written) if isinstance(written, str) else None
        except ValueError:
            continue
        if told is not None and told.tzinfo is not None:
            return told
    return None


def lacking_pods(matrix: Matrix) -> frozenset[str]:
    """Give the DaemonSets that have not even a pod for some of their nodes."""
    return frozenset(column.shard for column in matrix.columns() if any(map(_lacks_pod, column.cells)))


def mark_refused(matrix: Matrix, refusals: Mapping[str, str]) -> None:
    """Tell the refusal where no pod is there yet; such a cell is settled.

    :param refusals: by DaemonSet, as ``refusals_of`` gives them
    """
    cells = {
        name: Cell(State.UNSCHEDULED, "", FAILED_CREATE, printable(message, LONGEST_MESSAGE))
        for name, message in refusals.items()
    }
    for column in matrix.columns():
        refused = cells.get(column.shard)
        if refused is None:
            continue
        for position, cell in enumerate(column.cells):
            if _lacks_pod(cell):
                column.cells[position] = refused


def _lacks_pod(cell: Cell) -> bool:
    return cell.reason == NO_POD and cell.message == _NO_POD_YET
