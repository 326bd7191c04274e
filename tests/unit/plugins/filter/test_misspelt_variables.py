# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.clusterdepot.artifacts.plugins.filter.misspelt_variables import (
    BEGINNINGS,
    OF_PLAYBOOKS,
    known_variables,
    misspelt_variables,
)

ROOT = Path(__file__).parents[4]
PLAYBOOK_VARIABLE = re.compile(r"(?<![\w.])(?:plane|unprovision)_[a-z_]+")


def test_a_slip_is_one_sentence() -> None:
    assert misspelt_variables(["registry_auht", "registry_auth", "registry_motto"]) == [
        "registry_auht is read by nothing; did you mean registry_auth?"
    ]


def test_all_that_playbooks_read_is_known() -> None:
    files = [*ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("roles/**/*.yml"), *ROOT.glob("roles/**/*.j2")]
    read = {name for file in files for name in PLAYBOOK_VARIABLE.findall(file.read_text())}
    assert read == set(OF_PLAYBOOKS)


def test_no_variable_of_ours_is_told() -> None:
    assert misspelt_variables(known_variables()) == []


def test_each_beginning_is_one_of_ours() -> None:
    known = known_variables()
    assert all(any(name.startswith(beginning) for name in known) for beginning in BEGINNINGS)
