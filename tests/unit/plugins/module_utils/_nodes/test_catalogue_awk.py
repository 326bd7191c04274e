# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""catalogue.awk, run by every awk of this machine, beside the reader in Python."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes import catalogue as module
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.catalogue import (
    Catalogue,
    Entry,
    read_catalogue,
)

PROGRAM = Path(module.__file__).parent / "files" / "catalogue.awk"
KNOWN = (("busybox", "awk"), ("mawk",), ("gawk",), ("original-awk",))
INSTALLED = [command for command in KNOWN if shutil.which(command[0])]
DOCUMENTATION = Path(__file__).parents[5] / "docs" / "package_server.md"
DIGEST = "0123456789abcdef" * 4


@dataclass(frozen=True)
class Translated:
    code: int
    lines: str
    said: str


def translate(command: tuple[str, ...], text: bytes) -> Translated:
    done = subprocess.run(
        [*command, "-f", str(PROGRAM)],
        input=text,
        capture_output=True,
        check=False,
        timeout=30,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    return Translated(done.returncode, done.stdout.decode(), done.stderr.decode("latin-1"))


def test_there_is_an_awk_to_compare_with() -> None:
    assert INSTALLED


def test_examples_of_the_documentation_are_read_alike() -> None:
    examples = re.findall(r"^```toml\n(.*?)^```$", DOCUMENTATION.read_text(), re.DOTALL | re.MULTILINE)
    assert examples
    for example in examples:
        catalogue, faults = read_catalogue(example)
        assert faults == []
        assert len(catalogue.entries) > 1
        for command in INSTALLED:
            assert translate(command, example.encode()) == Translated(0, catalogue.write_map(), "")


@pytest.mark.parametrize("command", INSTALLED)
@pytest.mark.parametrize(
    "line",
    [
        "path.x = 'b'",
        "path = {x = 'b'}",
        "path = ['b']",
        "path = '''b'''",
        'path = """b"""',
        "path = 1",
        "size = 'b'",
    ],
)
def test_what_the_documentation_leaves_out_is_told_with_its_line(command: tuple[str, ...], line: str) -> None:
    found = translate(command, f"[a.b]\npath = 'a'\n[c.d]\n{line}\n".encode())
    assert (found.code, found.lines) == (1, "")
    assert found.said.startswith("packages.toml line 4: ")


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,8}", fullmatch=True)
PATHS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1, max_size=6).filter(
        lambda part: part not in {".", ".."} and not any(ord(one) < 32 or ord(one) == 127 for one in part)
    ),
    min_size=1,
    max_size=3,
).map("/".join)
BLANKS = st.sampled_from(["", " ", "\t", "  \t"])
COMMENTS = st.sampled_from(["", "# x", "#", " # ü ' \" ["])
CHANGES = (
    *(
        "",
        "[",
        "]",
        ".",
        "'",
        '"',
        "\\",
        "\\u0000",
        "\\n",
        "\\ud800",
        "=",
        "#",
        "\n",
        "\r",
        "x",
        "/",
        "..",
        " ",
    ),
    *("[a.b]\n", "[a]\n", "path = 'x'\n", "'''", "é", "\x01", "\x7f", "\u0085", "3"),
)
ENDS = st.sampled_from(["\n", "\r\n", "\n\n", "\n# a comment\n", "\n \t\n"])


def _escaped(text: str, how: int) -> str:
    """A text in quotes, in one of the ways that TOML has."""
    if how == 0 and "'" not in text:
        return f"'{text}'"
    if how == 1:
        return '"' + "".join(f"\\U{ord(one):08X}" for one in text) + '"'
    if how == 2 and all(ord(one) < 0x10000 for one in text):
        return '"' + "".join(f"\\u{ord(one):04x}" for one in text) + '"'
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Catalogues without faults, written in the ways that the part of TOML has."""
    packages = draw(
        st.dictionaries(st.tuples(NAMES, NAMES), st.tuples(PATHS, st.booleans()), min_size=0, max_size=6)
    )
    text = draw(st.sampled_from(["", "\ufeff", "# first\n"]))
    for (name, tag), (path, has_digest) in packages.items():
        blank, how = draw(BLANKS), draw(st.integers(0, 3))
        parts = [f"{blank}{_escaped(part, how)}{draw(BLANKS)}" for part in (name, tag)]
        text += f"{draw(BLANKS)}[{'.'.join(parts)}]{blank}{draw(COMMENTS)}{draw(ENDS)}"
        pairs = [f"path{blank}={draw(BLANKS)}{_escaped(path, draw(st.integers(0, 3)))}"]
        if has_digest:
            pairs.append(f"sha256{blank}={blank}'{DIGEST}'")
        for pair in draw(st.permutations(pairs)):
            text += f"{draw(BLANKS)}{pair}{draw(BLANKS)}{draw(COMMENTS)}{draw(ENDS)}"
    return text


@pytest.mark.parametrize("command", INSTALLED, ids=" ".join)
@given(text=documents())
@settings(deadline=None, max_examples=60)
def test_catalogues_without_faults_mean_the_same(command: tuple[str, ...], text: str) -> None:
    catalogue, faults = read_catalogue(text)
    assert faults == []
    assert translate(command, text.encode()) == Translated(0, catalogue.write_map(), "")


@pytest.mark.parametrize("command", INSTALLED, ids=" ".join)
@given(data=st.data())
@settings(deadline=None, max_examples=150)
def test_what_is_accepted_means_the_same_there(command: tuple[str, ...], data: st.DataObject) -> None:
    """Catalogues with a few things changed: most have a fault, and none may be read as another one."""
    text = data.draw(documents())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        taken = data.draw(st.integers(0, 4))
        added = data.draw(st.sampled_from(CHANGES))
        text = text[:at] + added + text[at + taken :]
    catalogue, faults = read_catalogue(text)
    found = translate(command, text.encode())
    if found.code == 0:
        assert faults == []
        assert found == Translated(0, catalogue.write_map(), "")
    else:
        assert (found.code, found.lines) == (1, "")
        assert found.said.startswith("packages.toml line ")


@pytest.mark.parametrize("command", INSTALLED, ids=" ".join)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "line 1: is not understood"),
        ("\n\n[a.b]\npath = 3", "line 4: is not one text in quotes"),
        ("[a.b]\npath = 'x' y", "line 2: is not one text in quotes"),
        ("[a.b]\npath = '''x'''", "line 2: is not one text in quotes"),
        ("[a.b]\npath = 'x'\npath = 'x'", "line 3: gives the path once more"),
        ("[a.b]\npath = 'x'\n[a.b]", "line 3: repeats the package a/b, which stands in line 1"),
        ("[a]\n[a]", "line 2: repeats [a], which stands in line 1"),
        ("[a.b]\nurl = 'x'", "line 2: has a key that is not known"),
        ("[a.b]\nsha256 = 'x'", "line 2: is no sha256"),
        ("[a.b]\n\n[c.d]\npath = 'x'", "line 1: this package has no path"),
        ("[a.1.0]\npath = 'x'", "line 1: has more parts than a name and a tag"),
        ("[[a.b]]\npath = 'x'", "line 1: a list of tables"),
        ("[a.b\npath = 'x'", "line 1: is not a table"),
        ("[a.b].c", "line 1: is not a table"),
        ("a.b.path = 'x'", "line 1: a key with dots"),
        ("path = 'x'", "line 1: stands below no [name.tag]"),
        ("[a]\npath = 'x'", "line 2: stands below no [name.tag]"),
        ("[a.b]\npath = '../x'", "line 2: is no path"),
        ('[a.b]\npath = "a\\nb"', "line 2: is no path"),
        (f"[a.b]\npath = '{'x' * 1025}'", "line 2: is no path"),
        ("[a.'b c']\npath = 'x'", "line 1: has a name or tag that cannot be used"),
        ("[a.b]\npath = '\x01'", "line 2: is not UTF-8, or holds a control character"),
    ],
)
def test_a_line_with_a_fault_is_told_with_its_number(command: tuple[str, ...], text: str, said: str) -> None:
    found = translate(command, text.encode())
    assert (found.code, found.lines) == (1, "")
    assert f"packages.toml {said}" in found.said
    assert len(found.said.splitlines()) == 1


@pytest.mark.parametrize("command", INSTALLED, ids=" ".join)
@pytest.mark.parametrize(
    "octets",
    [b"\xff", b"\xc0\xaf", b"\xc3", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88"],
)
def test_what_is_no_utf8_is_refused(command: tuple[str, ...], octets: bytes) -> None:
    found = translate(command, b"[a.b]\npath = 'x" + octets + b"'\n")
    assert found == Translated(1, "", "packages.toml line 2: is not UTF-8, or holds a control character\n")


@pytest.mark.parametrize("command", INSTALLED, ids=" ".join)
def test_all_faults_are_told_up_to_twenty(command: tuple[str, ...]) -> None:
    said = translate(command, b"nonsense\n" * 30).said.splitlines()
    assert [line.partition(": ")[0] for line in said] == [
        *(f"packages.toml line {number}" for number in range(1, 21)),
        "packages.toml",
    ]


@pytest.mark.parametrize("command", INSTALLED, ids=" ".join)
def test_a_large_catalogue_is_read_in_linear_time(command: tuple[str, ...]) -> None:
    catalogue = Catalogue(
        tuple(Entry(f"p{number}", "latest", f"{number}.deb", DIGEST) for number in range(5000))
    )
    assert translate(command, catalogue.write_toml().encode()).lines == catalogue.write_map()
