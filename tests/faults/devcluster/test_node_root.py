# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The throw-away root on machines of other shapes, made in a mount namespace that ends with the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.faults.devcluster.embedded import ROOT

# Mounts that this machine may not have, then the root over all of them, then one line of what is seen.
PRELUDE = """
import json, os, subprocess, sys
from pathlib import Path
from devcluster import node_root
from devcluster.plan import Bind
base = Path(sys.argv[1])

def mount(*words):
    subprocess.run(["mount", *words], check=True)

def try_to_write(path):
    try:
        path.write_text("node")
    except OSError as error:
        return os.strerror(error.errno)
    return path.read_text()
"""


def in_node(scenario: str, folder: Path) -> dict[str, object]:
    """Runs the scenario as process 1 of new namespaces; what it printed as JSON."""
    done = subprocess.run(
        [
            "unshare",
            "--mount",
            "--pid",
            "--fork",
            "--mount-proc",
            sys.executable,
            "-c",
            PRELUDE + scenario,
            str(folder),
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


def test_a_checkout_below_mnt_on_a_file_system_of_its_own(tmp_path: Path) -> None:
    seen = in_node(
        """
mount("-t", "tmpfs", "outer", "/mnt")
needed = Path("/mnt/w\\u00f6rk, a:b/checkout")
needed.mkdir(parents=True)
mount("-t", "tmpfs", "inner", str(needed))
(needed / "file").write_text("machine")
(base / "bound").mkdir()
machine = os.open(needed, os.O_PATH)
node_root.enter((Bind(str(base / "bound"), "/opt/bound"),), [str(needed), "/usr"])
Path("/opt/bound/kept").write_text("x")
print(json.dumps({
    "wrote": try_to_write(needed / "file"),
    "machine": Path(f"/proc/self/fd/{machine}/file").read_text(),
    "old root": Path("/.machine").exists(),
}))
""",
        tmp_path,
    )
    assert seen == {"wrote": "node", "machine": "machine", "old root": False}
    assert (tmp_path / "bound/kept").read_text() == "x"


def test_usr_and_home_may_be_mounts_of_their_own(tmp_path: Path) -> None:
    seen = in_node(
        """
for name in ("usr", "home"):
    for layer in ("upper", "work"):
        (base / name / layer).mkdir(parents=True)
scratch = base / "scratch"
scratch.mkdir()
mount("-t", "tmpfs", "scratch", str(scratch))
for name in ("usr", "home"):
    for layer in ("upper", "work"):
        (scratch / name / layer).mkdir(parents=True)
    options = f"lowerdir=/{name},upperdir={scratch}/{name}/upper,workdir={scratch}/{name}/work"
    mount("-t", "overlay", "-o", options, "own", f"/{name}")
(Path("/home") / "file").write_text("machine")
machine = os.open("/home", os.O_PATH)
node_root.enter((), ())
print(json.dumps({
    "tools": Path("/usr/bin/env").exists(),
    "usr": try_to_write(Path("/usr/written-by-a-test")),
    "home": try_to_write(Path("/home/file")),
    "machine": Path(f"/proc/self/fd/{machine}/file").read_text(),
}))
""",
        tmp_path,
    )
    assert seen == {"tools": True, "usr": "node", "home": "node", "machine": "machine"}
    assert not Path("/usr/written-by-a-test").exists()


def test_a_mount_that_no_overlay_can_be_laid_over_is_read_only(tmp_path: Path) -> None:
    """The kernel stacks two overlays and refuses a third (fs/overlayfs, FILESYSTEM_MAX_STACK_DEPTH)."""
    seen = in_node(
        """
stack = base / "stack"
stack.mkdir()
mount("-t", "tmpfs", "stack", str(stack))
(stack / "0").mkdir()
(stack / "0/file").write_text("machine")
for level in (1, 2):
    for name in ("", "u", "w"):
        (stack / f"{level}{name}").mkdir()
    options = f"lowerdir={stack}/{level - 1},upperdir={stack}/{level}u,workdir={stack}/{level}w"
    mount("-t", "overlay", "-o", options, "level", str(stack / str(level)))
node_root.enter((), ())
print(json.dumps({
    "read": (stack / "2/file").read_text(),
    "write": try_to_write(stack / "2/file"),
    "elsewhere": try_to_write(Path("/etc/written-by-a-test")),
}))
""",
        tmp_path,
    )
    assert seen == {"read": "machine", "write": "Read-only file system", "elsewhere": "node"}
    assert not Path("/etc/written-by-a-test").exists()


def test_memory_of_others_is_not_shown_to_the_node(tmp_path: Path) -> None:
    seen = in_node(
        """
(base / "secret").mkdir()
mount("-t", "tmpfs", "secret", str(base / "secret"))
(base / "secret/file").write_text("machine")
node_root.enter((), ())
print(json.dumps({"shown": (base / "secret/file").exists()}))
""",
        tmp_path,
    )
    assert seen == {"shown": False}


def test_a_resolver_file_that_is_a_link_is_replaced_on_the_node_only(tmp_path: Path) -> None:
    seen = in_node(
        """
from devcluster.node import _write_files
from devcluster.plan import Plan
etc = base / "etc"
etc.mkdir()
(base / "stub").write_text("nameserver 127.0.0.53")
(etc / "resolv.conf").symlink_to("../stub")
node_root.enter((), ())
files = {str(etc / "resolv.conf"): "nameserver 198.18.33.5"}
_write_files(Plan("", "", "", "", "", "", "", "", "", "", (), files, ()))
print(json.dumps({
    "link": (etc / "resolv.conf").is_symlink(),
    "text": (etc / "resolv.conf").read_text(),
    "stub": (base / "stub").read_text(),
}))
""",
        tmp_path,
    )
    assert seen == {"link": False, "text": "nameserver 198.18.33.5", "stub": "nameserver 127.0.0.53"}
    assert (tmp_path / "etc/resolv.conf").is_symlink()
