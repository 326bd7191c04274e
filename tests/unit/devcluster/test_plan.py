# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan that process 1 reads, and the order of its components."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devcluster.addresses import Addresses, blocks
from devcluster.components import components
from devcluster.folders import Folders
from devcluster.plan import Bind, Component, Plan, Probe, check_order

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
some_components = st.builds(
    Component,
    name=texts,
    command=st.lists(texts).map(tuple),
    probe=st.builds(Probe, kind=texts, target=texts),
    needs=st.lists(texts).map(tuple),
    environment=st.dictionaries(texts, texts),
)
plans = st.builds(
    Plan,
    *[texts] * 10,
    st.lists(st.builds(Bind, texts, texts)).map(tuple),
    st.dictionaries(texts, texts),
    st.lists(some_components, max_size=3).map(tuple),
)


@given(plans)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_plan_is_read_as_it_was_written(tmp_path: Path, plan: Plan) -> None:
    path = tmp_path / "plan.json"
    path.write_text(plan.text())
    assert Plan.read(path) == plan
    assert Plan.read(path).text() == plan.text()


def chain(order: list[int], needs: dict[int, set[int]]) -> tuple[Component, ...]:
    return tuple(
        Component(str(number), (), Probe("exit"), tuple(map(str, sorted(needs[number])))) for number in order
    )


@given(st.permutations(range(6)), st.dictionaries(st.integers(0, 5), st.sets(st.integers(0, 5))))
def test_an_order_is_accepted_only_if_all_needs_come_before(
    order: list[int], needs: dict[int, set[int]]
) -> None:
    full = {number: needs.get(number, set()) for number in order}
    good = all(order.index(need) < order.index(number) for number in order for need in full[number])
    if good:
        check_order(chain(order, full))
    else:
        with pytest.raises(ValueError, match="which is not before it"):
            check_order(chain(order, full))


FOLDERS = Folders(Path("/cache"), Path("/state"))
REAL = components(FOLDERS, Addresses(next(blocks())))


def test_the_clusters_own_components_are_in_order_and_named_once() -> None:
    check_order(REAL)
    assert len({component.name for component in REAL}) == len(REAL)


@pytest.mark.parametrize("component", REAL, ids=lambda component: component.name)
def test_a_need_that_is_mistyped_is_found(component: Component) -> None:
    broken = tuple(replace(c, needs=("nobody",)) if c == component else c for c in REAL)
    with pytest.raises(ValueError, match=f"{component.name} needs nobody"):
        check_order(broken)


@pytest.mark.parametrize("component", REAL, ids=lambda component: component.name)
def test_every_component_has_a_probe_that_is_known(component: Component) -> None:
    assert component.probe.kind in {"http", "socket", "running", "exit"}
    assert bool(component.probe.target) == (component.probe.kind in {"http", "socket"})
