# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts that fail, hang, are killed or fill the disk: how each ended is told, and nothing is left."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.outside.azurite import Azurite
from tests.outside.kubectl import eventually
from tests.outside.node import Node
from tests.outside.package_server import (
    ACTIONS,
    PackageServer,
    wait_for,
)

DISK = "4m"
# Of a download that is interrupted; it takes longer than the tests wait.
LARGE_OCTETS = 64 * 1024 * 1024
SECONDS = 120.0


def processes_with(node: Node, word: str) -> list[str]:
    """The processes on the node that have this word in their command line, but for those that look for it."""
    script = """
        for folder in /proc/[0-9]*; do
            line="$(tr '\\000' ' ' < "$folder/cmdline" 2> /dev/null)"
            case "$line" in *looks-for*) ;; *"$1"*) echo "${folder#/proc/} $line" ;; esac
        done
    """
    return node.run("sh", "-c", script, "looks-for", word).splitlines()


@pytest.mark.parametrize(
    ("script", "code", "words"),
    [
        ("echo because of this >&2; exit 3", 3, "because of this"),
        ("set -e; echo first; no-such-command; echo never", 127, "no-such-command"),
        ("kill -KILL $$", 137, "signal 9"),
        ("kill -SEGV $$", 139, "signal 11"),
        ("exit 124", 124, "ended with code 124"),
        ("printf '\\377\\000\\033[31m\\n'; exit 1", 1, "ended with code 1"),
        ("if then", 2, "syntax error"),
    ],
)
def test_the_end_of_a_failing_script_is_told(
    server: PackageServer, action: str, script: str, code: int, words: str
) -> None:
    failed = server.act(action, script)
    assert failed.failed
    assert failed.state == "failed"
    assert failed.node["code"] == code
    assert words in failed.why
    assert words in failed.outcome.result["msg"] or words in failed.outcome.output
    assert "never" not in failed.why.split()
    record = server.record(action)
    assert record is not None
    assert record["code"] == code
    assert "last-failure" in server.state(action)
    assert "done" not in server.state(action)
    assert [event["reason"] for event in server.events(action)] == ["NodeActionFailed"]


def test_a_failing_script_is_run_once_only(server: PackageServer, node: Node, action: str) -> None:
    count = f"/tmp/{action}"
    before = server.pods_ever()
    assert server.act(action, f"echo once >> {count}; exit 7").failed
    assert node.run("cat", count) == "once\n"
    assert len(server.pods_ever() - before) == 1
    assert server.get("jobs") == []
    mended = server.act(action, "echo mended")
    assert mended.state == "done"
    assert set(server.state(action)) & {"done", "last-failure"} == {"done"}
    node.run("rm", count)


@pytest.mark.parametrize("trap", ["", "trap '' TERM INT HUP; "], ids=["polite", "stubborn"])
def test_a_script_that_hangs_is_ended_with_all_it_has_started(
    server: PackageServer, node: Node, action: str, trap: str
) -> None:
    begun = time.monotonic()
    script = f"{trap}echo waiting; sh -c '{trap}sleep 98765 # {action}' & wait; wait"
    hanging = server.act(action, script, time_limit=3)
    assert hanging.failed
    assert hanging.node["code"] == 124
    assert "more than 3 seconds" in hanging.why
    assert "waiting" in hanging.why
    assert time.monotonic() - begun < SECONDS
    assert processes_with(node, f"# {action}") == []
    assert not server.act(action, "echo mended").failed


@pytest.fixture
def small_disk(node: Node, action: str) -> Iterator[str]:
    """The folder of the action on the node has a small file system of its own."""
    folder = f"{ACTIONS}/{action}"
    node.run("mkdir", "-p", folder)
    node.run("mount", "-t", "tmpfs", "-o", f"size={DISK}", "small", folder)
    yield folder
    node.run("umount", folder)


def test_a_script_that_fills_the_disk_is_told(
    server: PackageServer, node: Node, action: str, small_disk: str
) -> None:
    filling = f"dd if=/dev/zero of={small_disk}/filler bs=64k"
    failed = server.act(action, f"set -e; {filling}")
    assert failed.failed
    assert failed.node["code"] == 1
    assert "cannot be written" in failed.why
    assert "is its file system full?" in failed.why
    # What cannot be written down was not done, whatever the script says.
    unwritten = server.act(action, f"{filling}; exit 0")
    assert unwritten.failed
    assert unwritten.node["code"] == 73
    assert "cannot be written" in unwritten.why
    node.run("rm", f"{small_disk}/filler")
    mended = server.act(action, "echo there is room")
    assert mended.state == "done"


def test_much_output_is_cut_to_its_end(server: PackageServer, node: Node, action: str) -> None:
    words = "of many that are told, with more words to make it long"
    script = f"i=0; while [ $i -lt 60000 ]; do echo line $i {words}; i=$((i+1)); done; exit 9"
    failed = server.act(action, script)
    assert failed.node["code"] == 9
    assert "line 59999 of" in failed.why
    assert len(failed.why) < 5000
    kept = node.run("cat", f"{ACTIONS}/{action}/output")
    assert "line 59999 of" in kept
    assert len(kept) <= 1024 * 1024 + 100


@pytest.fixture
def large(storage: Azurite) -> str:
    """A package that takes a while, by its name and tag."""
    storage.put("large.bin", bytes(LARGE_OCTETS))
    storage.put("packages.toml", b"[large.1]\npath = 'large.bin'\n")
    return "large/1"


@pytest.mark.parametrize("container", ["server", "storage"])
def test_a_server_that_dies_in_mid_download_is_told(
    server: PackageServer, node: Node, action: str, container: str, large: str
) -> None:
    part = f"/tmp/{action}"
    wget = f'wget --tries=1 --limit-rate=2m -O {part} "$PKG_SERVE_URL/pkg/{large}"'
    process = server.start(action, f"set -e; {wget}; echo never told")

    def downloads() -> bool:
        size = node.run("sh", "-c", 'stat -c %s "$0" 2> /dev/null || echo 0', part)
        return int(size) > 1024 * 1024

    eventually(downloads, SECONDS, "the download has begun")
    (pod,) = server.pods(action)
    server.kill(pod, container)
    failed = wait_for(process)
    assert failed.failed
    assert failed.node["code"] != 0
    assert "never told" not in failed.why.replace(wget, "")
    size = int(node.run("stat", "-c", "%s", part))
    assert 0 < size < LARGE_OCTETS
    # wget tells how much it got, and that it was not all.
    assert "Connection closed at byte" in failed.why or "Read error at byte" in failed.why
    node.run("rm", part)
