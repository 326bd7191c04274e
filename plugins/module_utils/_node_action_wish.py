# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node action is to do, as its task has read it from the options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.action import Action
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.batches import Rollout
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.drain import DrainRules
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.eligibility import Selection
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.hidden import Secrets
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.pod import PodSettings
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.storage import Storage


@dataclass(frozen=True)
class Wish:
    """An action, where its packages are, and how it goes to the nodes.

    :ivar cordons: whether a node is cordoned while the action runs there
    :ivar drain: what is drained before; None where nothing is
    :ivar daemonset: whether a DaemonSet runs it, on nodes that come later, too
    :ivar pod_files: the scripts of the pods, by name
    """

    action: Action
    storage: Storage | None
    settings: PodSettings
    selection: Selection
    rollout: Rollout
    cordons: bool
    drain: DrainRules | None
    daemonset: bool
    pod_files: Mapping[str, str]

    @property
    def rolls_out(self) -> bool:
        """Whether a DaemonSet is to be there in the end."""
        return self.daemonset and not self.action.removes

    @property
    def secrets(self) -> Secrets:
        """What must not be told."""
        return Secrets.of(value for _name, value in self.action.variables)
