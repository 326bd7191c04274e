# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of artifact_route that do not go together are refused before anybody is asked."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._tasks.artifact_route import (
    ARGUMENT_SPEC,
    RouteFaultsError,
    run,
)

NO_CLUSTER = "/there/is/no/kubeconfig"


def _refused(**options: Any) -> RouteFaultsError:
    validation = ArgumentSpecValidator(ARGUMENT_SPEC).validate({"kubeconfig": NO_CLUSTER, **options})
    assert validation.error_messages == []
    with pytest.raises(RouteFaultsError) as caught:
        run(validation.validated_parameters, check_mode=False, progress=print)
    return caught.value


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": "a", "routes": []}, "name and routes"),
        ({"routes": [], "backends": {}}, "routes and backends"),
        ({"host": "a.example", "code": 302}, "host, code"),
        ({"state": "absent"}, "routes: []"),
        ({"name": "a", "state": "absent", "host": "a.example"}, "state=absent"),
        ({"name": "a", "before": "b", "after": "c"}, "before and after"),
        ({"wait_timeout": 0}, "wait_timeout is 0"),
        ({"failure_grace": -1}, "failure_grace is -1"),
    ],
)
def test_options_that_do_not_go_together(options: dict[str, Any], words: str) -> None:
    refused = _refused(**options)
    assert words in refused.message
    assert refused.result == {"changed": False, "faults": [refused.message]}


def test_all_of_them_are_told_at_once() -> None:
    refused = _refused(routes=[], backends={}, code=302, wait_timeout=0)
    assert refused.message.startswith("3 faults, nothing was changed")
    assert refused.message.count("\n- ") == 3
