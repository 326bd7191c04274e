# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cache whose namespace nobody has made."""

from __future__ import annotations

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache_sync import (
    NamespaceMissingError,
    sync,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._kube import KubeClient
from tests.faults.image_cache.test_refused_pods import Quiet, wish

pytestmark = pytest.mark.usefixtures("kubelets")


def test_the_user_is_told_who_makes_the_namespace(client: KubeClient) -> None:
    with pytest.raises(NamespaceMissingError) as raised:
        sync(client, wish("nowhere"), check_mode=False, progress=Quiet())
    assert raised.value.message == (
        'namespace "nowhere" does not exist; create it, or use the role image_cache, which makes it'
    )
    assert raised.value.result == {"changed": False, "faults": [raised.value.message]}


def test_check_mode_foretells_as_if_the_role_had_made_it(client: KubeClient) -> None:
    result = sync(client, wish("nowhere"), check_mode=True, progress=Quiet())
    assert [entry["action"] for entry in result["objects"]] == ["created"]
    assert any('namespace "nowhere" does not exist' in warning for warning in result["warnings"])
