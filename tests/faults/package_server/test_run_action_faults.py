# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from devcluster.ports import free_port
from tests.faults.package_server.node import HASH, LONGEST_MESSAGE, NODE_TOOLS, OTHER_HASH, Node, answering
from tests.faults.package_server.packages import CONTENT, SHELLS, Packages, wait_until
from tests.faults.registry_gateways.processes import installed

HALF = 1024 * 512


@pytest.fixture(name="node", params=SHELLS)
def _node(request: pytest.FixtureRequest, node: Node) -> Node:
    """The shell of container and node is each of these."""
    node.use_shell(request.param)
    return node


def test_a_server_that_never_answers_gives_69(node: Node) -> None:
    node.write_script(f"touch {node.folder}/ran")
    port = str(free_port())
    run = node.run(port=port, server_limit="1")
    assert (run.code, run.result["changed"]) == (69, False)
    assert run.result["reason"] == (
        f"the package server: port {port} of the node's loopback did not answer, for 1 seconds"
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert node.run(port=str(silent.getsockname()[1]), server_limit="1").code == 69
    with answering("no\n", 503) as port:
        assert node.run(port=port, server_limit="1").code == 69
    assert not (node.folder / "ran").exists()
    assert not node.state.exists()


def test_a_folder_that_cannot_be_removed_is_told(node: Node) -> None:
    node.run()
    node.write_script(f"mkdir {node.state}/lock.theirs")
    run = node.run(removes="true", content_hash=OTHER_HASH)
    assert (run.code, run.result["changed"]) == (73, True)
    assert run.result["reason"].startswith("the script succeeded, but ")
    assert [file.name for file in node.state.iterdir()] == ["lock.theirs"]
    (node.state / "lock.theirs").rmdir()
    node.write_script("echo gone")
    run = node.run(removes="true", content_hash=OTHER_HASH)
    assert (run.code, run.result["output"]) == (0, "gone\n")
    assert not node.state.exists()


def test_what_cannot_be_removed_keeps_its_lock(tmp_path: Path) -> None:
    """A disk that fails cannot be provoked, so rm is one that removes no folder once it is told so."""
    node = Node(tmp_path / "node")
    node.prepare()
    broken = node.folder / "broken"
    node.stand_in_for("rm", f'[ -e {broken} ] && [ "$1" = -rf ] && exit 1\nexec {installed("rm")} "$@"')
    node.run()
    node.write_script(f"touch {broken}")
    run = node.run(removes="true", content_hash=OTHER_HASH)
    assert run.code == 73
    assert "cannot be removed from the node" in run.result["reason"]
    assert (node.state / "lock").exists()
    broken.unlink()
    node.write_script("")
    assert node.run(removes="true", content_hash=OTHER_HASH).code == 0
    assert not node.state.exists()


def test_a_pod_that_is_told_to_end_before_the_script_is_started_starts_none(tmp_path: Path) -> None:
    """The moment is made long by a cat of the container that waits, when it reads what the node is to run."""
    node = Node(tmp_path / "node")
    node.prepare()
    reading = node.folder / "reading"
    waits = f'#!/bin/sh\ntouch {reading}\nsleep 2\nexec {installed("cat")} "$@"\n'
    (node.folder / "bin" / "cat").write_text(waits, encoding="utf-8")
    (node.folder / "bin" / "cat").chmod(0o755)
    node.write_script(f"touch {node.folder}/ran")
    process = node.start()
    wait_until(reading.exists)
    process.send_signal(signal.SIGTERM)
    run = node.wait(process)
    assert run.code == 143
    assert run.result["reason"] == "the pod was told to end before the script was started"
    assert not (node.folder / "ran").exists()


def test_another_server_on_that_port_is_not_taken_for_ours(node: Node) -> None:
    with answering("ok two\n") as port:
        run = node.run(port=port, server_limit="1")
    assert run.code == 69
    assert "is answered by another server" in run.result["reason"]


def test_a_server_that_comes_late_is_waited_for(node: Node) -> None:
    port = free_port()
    process = node.start(port=str(port), server_limit="20")
    time.sleep(1.5)
    with socket.create_server(("127.0.0.1", port)) as late:
        late.settimeout(15)
        while process.poll() is None:
            try:
                connection = late.accept()[0]
            except TimeoutError:
                break
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\nok one\n")
            break
        assert node.wait(process).code == 0


@pytest.mark.parametrize("client", ["wget", None])
def test_a_container_without_curl_sees_the_server_too(node: Node, client: str | None) -> None:
    tools = ("cat", "date", "env", "grep", "head", "od", "sleep", "tail", "timeout")
    folder = node.folder / "bin"
    for tool in (*tools, *([client] if client else [])):
        found = subprocess.run(["which", tool], capture_output=True, text=True, check=True).stdout.strip()
        (folder / tool).symlink_to(found)
    node.container_path = str(folder)
    with answering("ok one\n") as port:
        assert node.run(port=port).code == 0
    assert node.run(port=str(free_port()), server_limit="1").code == 69


def test_the_output_is_cut_and_its_end_is_told(node: Node) -> None:
    node.write_script("echo first; yes 0123456789012345678901234567890 | head -n 200000; echo last; exit 1")
    run = node.run()
    assert run.octets <= LONGEST_MESSAGE
    assert run.result["output"].endswith("0123456789012345678901234567890\nlast\n")
    assert len(run.log) > 6_000_000
    cut, _, rest = node.output.partition(b"\n")
    assert cut == b"(what came before is cut)"
    assert HALF <= len(rest) <= 2 * HALF
    assert rest.endswith(b"last\n")


def test_output_below_the_limit_is_kept_whole(node: Node) -> None:
    node.write_script("head -c 700000 /dev/zero | tr '\\0' x; printf end")
    assert node.run().code == 0
    assert node.output == b"x" * 700000 + b"end"


@pytest.mark.parametrize(
    "octets",
    [
        bytes(range(256)) * 20,
        b"\0" * 5000,
        b"\xff" * 5000,
        b'"\\' * 3000,
        "é€😀".encode() * 1000,
        b"\x1b[31mred\x1b[0m\r\n" * 500,
        b"%s %d \\n \\0101 $(x) `y`\n" * 200,
        b"\xed\xa0\x80 \xc0\xaf \xf4\x90\x80\x80 \xe2\x82",
        b"",
    ],
    ids=["all", "nul", "ff", "quotes", "utf-8", "escapes", "formats", "no utf-8", "nothing"],
)
def test_the_message_is_valid_whatever_a_script_writes(node: Node, octets: bytes) -> None:
    file = node.folder / "octets"
    file.write_bytes(octets)
    node.write_script(f"cat {file}")
    run = node.run()
    assert run.code == 0
    assert run.octets <= LONGEST_MESSAGE
    assert node.output == octets
    end = octets.decode("utf-8", "replace")
    told = run.result["output"]
    if octets and all(one in {"\n", "\r"} or one.isprintable() for one in end) and "\ufffd" not in end:
        told = told.lstrip("\ufffd")
        assert len(told) > 200
        assert end.endswith(told)


def test_a_state_folder_that_cannot_be_made_gives_73(node: Node) -> None:
    node.state.parent.mkdir(parents=True)
    node.state.write_text("a file, where a folder should be")
    run = node.run()
    assert (run.code, run.result["changed"]) == (73, False)
    assert f"{node.state} cannot be made" in run.result["reason"]


@pytest.mark.parametrize("lock", ["flock", "link"])
def test_a_full_disk_before_the_start_gives_73(node: Node, lock: str) -> None:
    """A limit of the size of files stands for a full disk, which needs a file system of one's own."""
    if lock == "link":
        node.have_tools((*(tool for tool in NODE_TOOLS if tool != "flock"), "bash"))
    packages = node.folder / "container/packages"
    (packages / "large").write_bytes(b"x" * 3_000_000)
    node.write_script(f"touch {node.folder}/ran")
    node.limit_files(1000)
    run = node.run(packages=str(packages))
    assert run.code == 73
    assert "the packages cannot be copied" in run.result["reason"]
    assert not (node.folder / "ran").exists()
    assert not (node.state / "run").exists()


def test_a_disk_that_a_script_fills_costs_output_and_nothing_else(node: Node) -> None:
    """With the limit of a file's size, as above."""
    node.limit_files(100)
    node.write_script("yes 0123456789 | head -n 100000; echo the end; exit 5")
    run = node.run()
    assert run.code == 5
    assert run.log.startswith(b"0123456789\n" * 100_000 + b"the end\n")
    assert run.result["reason"] == "the script ended with code 5"


def test_done_that_cannot_be_written_is_told(node: Node) -> None:
    node.write_script(f"rm -f {node.state}/done; mkdir {node.state}/done.new")
    run = node.run()
    assert run.code == 73
    assert run.result["changed"] is True
    assert "the script succeeded, but" in run.result["reason"]
    assert node.sentinel() is None


def test_a_node_that_lacks_commands_is_told(node: Node) -> None:
    node.have_tools(tuple(tool for tool in NODE_TOOLS if tool not in {"setsid", "dd"}))
    run = node.run()
    if node.shell == "busybox":
        # It has them itself.
        assert run.code == 0
    else:
        assert run.code == 69
        assert run.result["reason"] == "the node lacks commands that this needs: dd setsid"


def test_a_done_that_is_no_result_is_as_none(node: Node) -> None:
    node.run()
    for text in ("", "{", HASH, f'{{"hash":"{OTHER_HASH}","code":0}}', f'{{"hash":"{HASH}"'):
        (node.state / "done").write_text(text)
        assert node.run().result["changed"] is True


def test_what_a_run_left_that_was_cut_off_is_made_good(node: Node) -> None:
    started = node.folder / "started"
    node.write_script(f"sleep 300 & echo $PPID $$ $! > {started}; wait")
    process = node.start(time_limit="5")
    wait_until(lambda: started.exists() and started.read_text().strip())
    subprocess.run(["kill", "-KILL", *started.read_text().split()], check=True)
    assert process.wait(timeout=30) != 0
    assert node.sentinel() is None
    failure = node.sentinel("last-failure")
    assert failure is not None
    node.write_script("true")
    assert node.run(message="second").result["changed"] is True
    assert not (node.state / "run").exists()


def test_a_run_on_the_node_that_dies_without_a_word_is_told(node: Node) -> None:
    started = node.folder / "started"
    node.write_script(f"echo $PPID > {started}; sleep 2")
    process = node.start(time_limit="5")
    wait_until(lambda: started.exists() and started.read_text().strip())
    subprocess.run(["kill", "-KILL", started.read_text().strip()], check=True)
    run = node.wait(process)
    assert run.code == 137
    assert "said nothing" in run.result["reason"]


@pytest.mark.parametrize(
    "settings", [{"time_limit": "x"}, {"port": "80;"}, {"state": "relative"}, {"script": "/nowhere"}]
)
def test_settings_that_cannot_be_are_refused(node: Node, settings: dict[str, str]) -> None:
    assert node.run(**settings).code == 64
    assert node.run(content_hash="$(x)").result["hash"] == ""


def test_a_script_gets_its_package_from_the_server(packages: Packages, node: Node) -> None:
    """All of it together, with the seed's way to get a package."""
    assert packages.fetch("mypackage/latest").code == 0
    packages.start("one")
    node.write_script(
        f'wget -q -O {node.folder}/got "localhost:$PKG_SERVE_RUN_PORT/pkg/mypackage/latest"\n'
        f'cp "$PKG_DIR"/mypackage/latest/mypackage-123456.deb {node.folder}/copied\n'
        'wget -q -O /dev/null "$PKG_SERVE_URL/pkg/mypackage/nothing"'
    )
    run = node.run(port=str(packages.port), packages=str(packages.stage / "by-name"))
    assert run.code == 8
    assert (node.folder / "got").read_bytes() == CONTENT
    assert (node.folder / "copied").read_bytes() == CONTENT
