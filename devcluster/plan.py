# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the node's process 1 is told: the components, in words of plain data. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Probe:
    """How a component shows that it is ready.

    kind: `http` (url answers 200, TLS checked against the cluster's authority), `socket` (a Unix
    socket accepts), `running` (it has not ended within a second: it has no endpoint of its own),
    or `exit` (the command ends with 0: a step, not a server).
    """

    kind: str
    target: str = ""


@dataclass(frozen=True)
class Component:
    """A process of the node: what starts it, what it waits for, how it shows that it is ready."""

    name: str
    command: tuple[str, ...]
    probe: Probe
    needs: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bind:
    """A real folder of the machine that the node sees, under the same or another path."""

    source: str
    target: str


@dataclass(frozen=True)
class Plan:
    """All that the node needs to know; folders are absolute paths, addresses are CIDR texts.

    `code` stands for the code and the image list it was made by: with other code it is another plan.
    """

    code: str
    hostname: str
    interface: str
    node_address: str
    gateway: str
    block: str
    resolver: str
    authority: str
    logs: str
    run: str
    binds: tuple[Bind, ...]
    files: dict[str, str]
    components: tuple[Component, ...]

    def text(self) -> str:
        """As JSON; equal plans give equal texts."""
        return json.dumps(asdict(self), indent=1)

    @staticmethod
    def read(path: Path) -> Plan:
        """Reads what `text` gave."""
        table = json.loads(path.read_text())
        table["binds"] = tuple(Bind(**bind) for bind in table["binds"])
        table["components"] = tuple(
            Component(
                name=entry["name"],
                command=tuple(entry["command"]),
                probe=Probe(**entry["probe"]),
                needs=tuple(entry["needs"]),
                environment=entry["environment"],
            )
            for entry in table["components"]
        )
        return Plan(**table)


def check_order(components: tuple[Component, ...]) -> None:
    """Raises ValueError where a component needs one that is not before it: no cycles, no typing errors."""
    seen: set[str] = set()
    for component in components:
        unknown = set(component.needs) - seen
        if unknown:
            raise ValueError(f"{component.name} needs {', '.join(sorted(unknown))}, which is not before it")
        seen.add(component.name)
