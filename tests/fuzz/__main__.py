# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.fuzz [PARSER...] [--seconds N]`: feed parsers what leads to code that was not reached yet.

Needs atheris. A parser fails that raises what it may not, or takes more than a second for one input; the
input is shown, to be made a test of.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.parsers import PARSERS

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
LONGEST_INPUT = 16384
SHOWN_LINES = 30


def main(arguments: Sequence[str]) -> int:
    """Feed the parsers named, or all; returns the exit code, 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz the registry's parsers.")
    parser.add_argument("names", nargs="*", metavar="PARSER", help=f"of {', '.join(PARSERS)}; default: all")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for each parser; default: %(default)s")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.names if name not in PARSERS]
    if unknown:
        parser.error(f"no parser {', '.join(unknown)}; there are: {', '.join(PARSERS)}")
    if options.seconds < 1:
        parser.error("--seconds: 1 or more are allowed")
    if importlib.util.find_spec("atheris") is None:
        parser.error("atheris is not installed in this environment")
    failed = [name for name in options.names or PARSERS if not _passes(name, options.seconds)]
    print(f"failed: {', '.join(failed)}" if failed else "no parser failed")
    return 1 if failed else 0


def _passes(name: str, seconds: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="clusterdepot-fuzz-") as folder:
        corpus, found = Path(folder, "corpus"), Path(folder, "found")
        corpus.mkdir()
        found.mkdir()
        for number, example in enumerate(PARSERS[name].examples):
            (corpus / str(number)).write_bytes(example)
        done = subprocess.run(
            [
                sys.executable,
                "-u",
                "-m",
                "tests.fuzz.one_parser",
                name,
                f"-max_total_time={seconds}",
                "-timeout=1",
                f"-max_len={LONGEST_INPUT}",
                f"-artifact_prefix={found}/",
                str(corpus),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        lines = done.stdout.splitlines()
        if done.returncode == 0:
            print(f"{name}: {lines[-1] if lines else ''}", flush=True)
            return True
        print("\n".join([f"{name} FAILED ({done.returncode}):", *lines[-SHOWN_LINES:]]))
        for path in found.iterdir():
            print(f"{path.name}: {path.read_bytes()!r}", flush=True)
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
