# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A home folder in which ansible-test finds pip without its own download host.

For each virtual environment ansible-test runs a bootstrap script that it downloads once from a host of the
Ansible project and keeps under the home folder. The standard library's ensurepip does the same job, so a
script that calls it is put there beforehand. ansible-test also empties the environment, and with it every
``PIP_*`` variable: those in effect here are written into the pip configuration of that home folder instead.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

BOOTSTRAP = '''\
"""Stands in for the downloaded get-pip script: the same arguments, pip from the standard library."""
import runpy
import subprocess
import sys

# In a process of its own, since it turns pip's configuration files off in the one it runs in.
subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
sys.argv[1:] = ["install", *(argument for argument in sys.argv[1:] if not argument.startswith("--no-"))]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
'''


class SanityError(Exception):
    """ansible-test cannot be prepared."""


def prepare_home(home: Path) -> Path:
    """Fill the folder and return it; raises SanityError where the installed ansible-test is not as known."""
    script = home / ".ansible" / "test" / "cache" / f"get_pip_{pip_version().replace('.', '_')}.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(BOOTSTRAP)
    settings = home / ".config" / "pip" / "pip.conf"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(pip_settings())
    settings.chmod(0o600)
    return home


def pip_version() -> str:
    """Return the pip version that ansible-test names its bootstrap script after."""
    package = importlib.util.find_spec("ansible_test")
    if package is None or package.submodule_search_locations is None:
        raise SanityError("ansible-test is not installed beside this Python")
    source = Path(package.submodule_search_locations[0], "_internal", "python_requirements.py").read_text()
    found = re.search(r"""['"]?pip['"]?\s*[=:]\s*['"]([0-9.]+)['"]""", source)
    if found is None:
        raise SanityError("the pip version of this ansible-test is not where it was in ansible-core 2.19")
    return found.group(1)


def pip_settings() -> str:
    """Return pip's effective settings (files and variables, the latter last) as one configuration file."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    sections: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, quoted = line.partition("=")
        section, _, option = name.partition(".")
        # pip shows the value as a Python literal; shlex reads the same quotes.
        sections["global" if section == ":env:" else section][option] = "".join(shlex.split(quoted))
    sections["global"]["quiet"] = "1"
    lines: list[str] = []
    for section, options in sections.items():
        lines += [f"[{section}]", *(f"{option} = {value}" for option, value in options.items())]
    return "\n".join(lines) + "\n"
