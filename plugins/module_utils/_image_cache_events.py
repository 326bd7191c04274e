# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads why the pods of an image cache are refused, from the events of its namespace."""

from __future__ import annotations

import datetime
from collections.abc import Collection

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.refusals import (
    FAILED_CREATE,
    refusals_of,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient, KubeError

_FORBIDDEN = 403


def creation_refusals(client: KubeClient, namespace: str, daemonsets: Collection[str]) -> dict[str, str]:
    """Give by DaemonSet why the API server refused a pod of it within the last minutes.

    Who may not read events is told of no refusal.

    :param daemonsets: names
    :raises KubeError: the API server cannot be asked
    """
    selector = f"involvedObject.kind=DaemonSet,reason={FAILED_CREATE}"
    try:
        events = client.list("v1", "Event", namespace, field_selector=selector)
    except KubeError as error:
        if error.status != _FORBIDDEN:
            raise
        return {}
    return refusals_of(events, daemonsets, datetime.datetime.now(datetime.UTC))
