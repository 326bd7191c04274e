# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes quantities (``5Gi``), as exact numbers."""

from __future__ import annotations

import re
from fractions import Fraction

_FORM = re.compile(
    r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:([EPTGMK]i)|([numkMGTPE])|[eE]([+-]?\d{1,3}))?", re.ASCII
)
_BINARY = {unit: 1024**power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)}
_SCALES: dict[str, Fraction] = {
    **{unit: Fraction(scale) for unit, scale in _BINARY.items()},
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
    **{unit: Fraction(1000**power) for power, unit in enumerate("kMGTPE", start=1)},
}
EXAMPLES = "a number with an optional unit such as 500Mi, 5Gi or 1Ti"


def parse_quantity(text: object) -> Fraction:
    """Read a quantity as serialised by Kubernetes (apimachinery, resource.Quantity).

    :param text: a string, or the plain number that YAML makes of one without a unit
    :raises ValueError: it is none
    """
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        raise ValueError(f"{text!r} is no quantity")
    match = _FORM.fullmatch(str(text))
    if match is None:
        raise ValueError(f"{text!r} is no quantity")
    number, binary, decimal, exponent = match.groups()
    value = Fraction(number if not number.endswith(".") else number[:-1])
    if exponent is not None:
        return value * Fraction(10) ** int(exponent)
    return value * _SCALES.get(binary or decimal or "", Fraction(1))
