# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.fuzz.one_parser NAME [libFuzzer's arguments]`: feed one parser until it breaks.

A process of its own, since libFuzzer never comes back.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fuzz.parsers import Parser

# Not a requirement of the tests, so neither they nor mypy may expect it.
atheris: Any = importlib.import_module("atheris")


def main(arguments: list[str]) -> None:
    """Ends the process: with 0 where nothing was found."""
    with atheris.instrument_imports(include=["ansible_collections.clusterdepot", "email", "urllib"]):
        parser: Parser = importlib.import_module("tests.fuzz.parsers").PARSERS[arguments[1]]
    refusal = parser.refusal or ()

    def feed(content: bytes) -> None:
        try:
            parser.read(content)
        except refusal:
            return

    atheris.Setup([arguments[0], *arguments[2:]], feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
