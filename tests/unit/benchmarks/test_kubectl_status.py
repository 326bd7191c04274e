# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is made of the counts of the peer."""

from __future__ import annotations

import pytest

from benchmarks.errors import BenchmarkError
from benchmarks.kubectl_status import totals


def test_the_counts_of_all_images_are_summed() -> None:
    printed = '{"a:1":{"cached":3,"failed":1},"b:1":{"cached":2,"unscheduled":2}}\n'
    assert totals(printed) == {"cached": 5, "failed": 1, "pulling": 0, "unscheduled": 2}


def test_no_pods_are_no_counts() -> None:
    assert set(totals("{}").values()) == {0}


@pytest.mark.parametrize("printed", ["", "jq: error", "[]", '{"a:1":3}'])
def test_what_is_no_counts_is_an_error(printed: str) -> None:
    with pytest.raises(BenchmarkError, match="jq printed no counts"):
        totals(printed)
