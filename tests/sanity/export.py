# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the collection as ansible-test wants it: a real folder named after namespace and name.

ansible-test resolves links, so the link that playbooks and unit tests use does not do. What ``build_ignore``
of galaxy.yml leaves out of the artifact is left out here too, except ``tests/config.yml``, which tells
ansible-test the Python versions.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
from pathlib import Path

import yaml

KEPT_IN_TESTS = Path("tests", "config.yml")


def artifact_files(root: Path) -> list[Path]:
    """List the files of the artifact, relative to the root, in order."""
    ignored = [str(pattern) for pattern in yaml.safe_load((root / "galaxy.yml").read_text())["build_ignore"]]
    found: list[Path] = []
    for folder, folders, files in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = [name for name in folders if not _matches(here / name, ignored)]
        found += [here / name for name in files if not _matches(here / name, ignored)]
    return sorted(found)


def export_collection(root: Path, target: Path) -> None:
    """Make ``target`` hold the artifact's files; ansible-test's own output stays, to be reused."""
    wanted = {*artifact_files(root), KEPT_IN_TESTS}
    for folder, folders, files in os.walk(target):
        here = Path(folder).relative_to(target)
        folders[:] = [name for name in folders if here / name != Path("tests", "output")]
        for name in files:
            if here / name not in wanted:
                (target / here / name).unlink()
    for file in sorted(wanted):
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / file, target / file)


def _matches(path: Path, patterns: list[str]) -> bool:
    names = (path.name, path.as_posix())
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns for name in names)
