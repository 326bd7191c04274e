# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with the embedded cluster, each a sentence for the person who ran the command."""

from __future__ import annotations


class ClusterError(Exception):
    """Base of every failure that is reported as one sentence, without a traceback."""


class MachineUnsuitable(ClusterError):
    """The machine lacks something; raised before any work was done."""


class BuildFailed(ClusterError):
    """A part could not be built; the message carries its name and the last lines of its log."""


class ComponentFailed(ClusterError):
    """A part did not start; the message carries its name and the last lines of its log."""


class AddressConflict(ClusterError):
    """No address range is free, or the recorded one no longer is."""
