# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Before the provision: check mode tells what it will create, and creates nothing."""

from __future__ import annotations

import json
from pathlib import Path

from tests.outside.kubectl import Kubectl
from tests.outside.playbook import run


def test_check_mode_predicts_every_object_and_writes_none(kubectl: Kubectl, shared: Path) -> None:
    predicted = run("provision", "--check", "-v")
    assert predicted.changed == 1
    actions = predicted.actions()
    assert set(actions.values()) == {"created"}
    assert kubectl.ours() == set()
    (shared / "predicted.json").write_text(json.dumps(sorted(actions)))
