# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest

from tests.faults.package_server.node import HASH, NODE_TOOLS, OTHER_HASH, Node, answering
from tests.faults.package_server.packages import SHELLS, wait_until

UNCHANGED = {"hash": HASH, "code": 0, "changed": False, "seconds": 0, "reason": "", "output": ""}


@pytest.fixture(name="node", params=SHELLS)
def _node(request: pytest.FixtureRequest, node: Node) -> Node:
    """The shell of container and node is each of these."""
    node.use_shell(request.param)
    return node


def times_run(node: Node) -> int:
    """How often a script that was made to write this did run."""
    file = node.folder / "runs"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_a_script_runs_once_for_each_content(node: Node) -> None:
    node.write_script(f"echo run >> {node.folder}/runs; echo all is well")
    first = node.run()
    assert {**first.result, "seconds": 0} == {**UNCHANGED, "changed": True, "output": "all is well\n"}
    assert first.log == b"all is well\n"
    assert node.run().result == UNCHANGED
    assert times_run(node) == 1
    assert node.run(content_hash=OTHER_HASH).result["changed"] is True
    assert node.run(content_hash=OTHER_HASH).result["changed"] is False
    assert times_run(node) == 2
    assert node.run(force="true", content_hash=OTHER_HASH).result["changed"] is True
    assert times_run(node) == 3


def test_the_state_is_of_root_alone_and_nothing_but_results_is_left(node: Node) -> None:
    node.run()
    assert sorted(file.name for file in node.state.iterdir() if not file.name.startswith("lock")) == [
        "done",
        "output",
    ]
    assert stat.S_IMODE(node.state.stat().st_mode) == 0o700
    assert node.output == b"done\n"
    sentinel = node.sentinel()
    assert sentinel is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", sentinel["finished"])
    assert {**sentinel, "finished": "", "seconds": 0} == {
        "attempt": "",
        "hash": HASH,
        "finished": "",
        "seconds": 0,
        "code": 0,
        "reason": "",
    }


def test_what_a_script_writes_can_be_read_by_others(node: Node) -> None:
    file = node.folder / "written"
    node.write_script(f"echo written > {file}")
    node.run()
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_a_failing_script_keeps_its_code_and_undoes_what_was_done_before(node: Node) -> None:
    node.run()
    node.write_script("echo this is why >&2; exit 3")
    failed = node.run(content_hash=OTHER_HASH)
    assert (failed.code, failed.result["changed"]) == (3, True)
    assert failed.result["reason"] == "the script ended with code 3"
    assert failed.result["output"] == "this is why\n"
    assert node.sentinel() is None
    failure = node.sentinel("last-failure")
    assert failure is not None
    assert (failure["hash"], failure["code"]) == (OTHER_HASH, 3)
    node.write_script("true")
    assert node.run().result["changed"] is True
    assert node.sentinel("last-failure") is None


@pytest.mark.parametrize("code", [1, 64, 69, 73, 75, 124, 125, 126, 127, 255])
def test_every_code_of_a_script_is_its_own(node: Node, code: int) -> None:
    node.write_script(f"exit {code}")
    run = node.run()
    assert run.code == code
    assert "the script" in run.result["reason"]


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_script_that_a_signal_ends_gives_128_more(node: Node, ended_by: signal.Signals) -> None:
    node.write_script(f"kill -{ended_by.value} $$; sleep 60")
    run = node.run()
    assert run.code == 128 + ended_by.value
    assert f"signal {ended_by.value}" in run.result["reason"]


def test_the_time_limit_ends_the_whole_process_group(node: Node) -> None:
    marker = node.folder / "children"
    node.write_script(
        f"trap '' TERM\n(trap '' TERM; echo $BASHPID >> {marker}; while :; do sleep 0.2; done) &\n"
        f"sleep 300 & echo $! >> {marker}\necho $$ >> {marker}; echo before\nwhile :; do sleep 0.2; done"
    )
    began = time.monotonic()
    run = node.run(time_limit="1", grace="1")
    assert run.code == 124
    assert run.result["reason"] == "the script ran for more than 1 seconds and was ended"
    assert run.result["output"] == "before\n"
    assert time.monotonic() - began < 15
    pids = marker.read_text().split()
    assert len(pids) == 3
    wait_until(lambda: not any(is_alive(pid) for pid in pids))
    assert node.sentinel() is None


def is_alive(pid: str) -> bool:
    """Whether the process is there, and not only waits to be asked for its end."""
    try:
        return Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_pod_that_is_told_to_end_ends_the_script_and_says_so(node: Node) -> None:
    started = node.folder / "started"
    node.write_script(f"echo $$ > {started}; echo before; sleep 300")
    process = node.start(grace="2")
    wait_until(lambda: started.exists() and started.read_text().strip())
    process.terminate()
    run = node.wait(process)
    assert run.code == 143
    assert run.result["reason"] == "the pod was told to end while the script ran"
    assert run.result["output"] == "before\n"
    assert not is_alive(started.read_text().strip())
    assert not (node.state / "run").exists()
    failure = node.sentinel("last-failure")
    assert failure is not None
    assert failure["code"] == 143


@pytest.mark.parametrize("lock", ["flock", "link"])
def test_two_at_once_run_one_after_the_other(node: Node, lock: str) -> None:
    if lock == "link":
        node.have_tools((*(tool for tool in NODE_TOOLS if tool != "flock"), "bash"))
    node.write_script(f"echo run >> {node.folder}/runs; sleep 1.5")
    names = [f"message{number}" for number in range(3)]
    running = [node.start(message=name) for name in names]
    results = [node.wait(process, name).result for process, name in zip(running, names, strict=True)]
    assert sorted(result["changed"] for result in results) == [False, False, True]
    assert [result["code"] for result in results] == [0, 0, 0]
    assert times_run(node) == 1


@pytest.mark.parametrize("lock", ["flock", "link"])
def test_a_lock_that_is_held_too_long_gives_75(node: Node, lock: str) -> None:
    if lock == "link":
        node.have_tools((*(tool for tool in NODE_TOOLS if tool != "flock"), "bash"))
    started = node.folder / "started"
    node.write_script(f"echo x > {started}; sleep 6")
    first = node.start()
    wait_until(started.exists)
    second = node.run(message="second", lock_limit="1")
    assert (second.code, second.result["changed"]) == (75, False)
    assert second.result["reason"].startswith(f"another run of this action holds {node.state}/lock")
    assert node.wait(first).code == 0


def test_a_lock_without_flock_whose_holder_is_gone_is_taken(node: Node) -> None:
    node.have_tools((*(tool for tool in NODE_TOOLS if tool != "flock"), "bash"))
    gone = subprocess.Popen(["true"])
    gone.wait()
    node.state.mkdir(parents=True)
    link = node.state / "lock.link"
    for holder in (f"{gone.pid}-12345", "1-1", "odd"):
        link.symlink_to(holder)
        assert node.run(force="true").code == 0
        assert not link.is_symlink()


def test_another_action_runs_at_the_same_time(node: Node) -> None:
    started = node.folder / "started"
    node.write_script(f"echo x > {started}; sleep 3")
    first = node.start()
    wait_until(started.exists)
    other = node.run(message="other", state=f"{node.state}-other")
    assert first.poll() is None or other.code == 0
    assert node.wait(first).code == 0


def test_what_a_script_leaves_running_neither_holds_the_lock_nor_the_run(node: Node) -> None:
    left = node.folder / "left"
    node.write_script(f"sleep 30 & echo $! > {left}; echo end")
    began = time.monotonic()
    assert node.run().result["output"] == "end\n"
    assert time.monotonic() - began < 15
    assert is_alive(left.read_text().strip())
    node.write_script("true")
    assert node.run(content_hash=OTHER_HASH, lock_limit="1").code == 0
    subprocess.run(["kill", left.read_text().strip()], check=True)


def test_the_script_gets_exactly_this_environment(node: Node) -> None:
    variables = {
        "MINE": "a 'b' \"c\" $HOME `id` \\ é\n\n",
        "EMPTY": "",
        "state": "x",
        "file": "y",
        "IFS": ":",
    }
    node.write_variables(variables)
    (node.folder / "container/packages/a").mkdir()
    (node.folder / "container/packages/a/file").write_bytes(b"content")
    node.write_script(
        f'cat /proc/$$/environ > {node.folder}/environ; pwd > {node.folder}/pwd; cat "$PKG_DIR/a/file"\n'
        f"ls -l /proc/$$/fd > {node.folder}/fds; cat"
    )
    with answering("ok one\n") as port:
        run = node.run(packages=str(node.folder / "container/packages"), port=port)
    assert run.result["output"] == "content"
    pairs = (node.folder / "environ").read_bytes().split(b"\0")[:-1]
    found = dict(pair.decode().split("=", 1) for pair in pairs)
    # A bash that is the node's sh leaves these to whatever it starts, even after they were unset.
    if node.shell == "bash":
        found = {name: value for name, value in found.items() if name not in {"_", "SHLVL"}}
    assert found == {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
        "PKG_SERVE_RUN_PORT": port,
        "PKG_SERVE_URL": f"http://localhost:{port}",
        "PKG_DIR": f"{node.state}/run/{HASH}/packages",
        "PKG_CONTENT_HASH": HASH,
        "PKG_NODE": "node-1",
        "STORAGE_ACCOUNT_NAME": "account",
        **variables,
    }
    assert (node.folder / "pwd").read_text() == "/\n"
    assert not (node.state / "run").exists()
    open_files = (node.folder / "fds").read_text()
    assert "message" not in open_files
    assert "lock" not in open_files


def test_arguments_are_passed_as_they_are(node: Node) -> None:
    odd = ['it\'s "a" $(touch x) `y` \\ *', "two  words\nand a line"]
    node.write_script(f'printf \'%s\\0\' "$0" "$#" "$@" > {node.folder}/arguments')
    assert node.run(*odd).code == 0
    script, count, *arguments = (node.folder / "arguments").read_text().split("\0")[:-1]
    assert (count, arguments) == ("2", odd)
    assert script == f"{node.state}/run/{HASH}/script"


def test_folders_with_odd_names_are_folders(node: Node) -> None:
    odd = node.folder / "a 'b' \"c\" $(x) *"
    odd.mkdir()
    assert node.run(state=str(odd / "state"), node='it\'s "one"').code == 0
    assert json.loads((odd / "state" / "done").read_text())["hash"] == HASH


def test_without_a_server_there_is_no_port(node: Node) -> None:
    node.write_script('echo "[$PKG_SERVE_RUN_PORT$PKG_SERVE_URL$PKG_DIR]"')
    assert node.run().result["output"] == "[]\n"


def test_nsenter_enters_the_namespaces_that_were_chosen(node: Node) -> None:
    node.run()
    assert (node.folder / "entered").read_text() == "-t 1 -m "
    node.run(namespaces="mount uts ipc net pid")
    assert (node.folder / "entered").read_text() == "-t 1 -m -u -i -n "
    assert node.run(namespaces="user").code == 64


def test_the_script_runs_with_bash_or_else_with_sh(node: Node) -> None:
    node.write_script('echo "${BASH_VERSION:+bash}"')
    assert node.run().result["output"] == "bash\n"
    node.have_tools(NODE_TOOLS)
    assert node.run(force="true").result["output"] == ("bash\n" if node.shell == "bash" else "\n")


def test_what_is_removed_leaves_nothing(node: Node) -> None:
    node.write_script(f"echo run >> {node.folder}/runs")
    assert node.run(removes="true").result == UNCHANGED
    node.run()
    node.write_script("exit 4")
    assert node.run(removes="true", content_hash=OTHER_HASH).code == 4
    assert node.state.exists()
    node.write_script("echo gone")
    run = node.run(removes="true", content_hash=OTHER_HASH)
    assert (run.code, run.result["changed"], run.result["output"]) == (0, True, "gone\n")
    assert not node.state.exists()
    node.write_script("")
    node.run()
    assert node.run(removes="true").code == 0
    assert not node.state.exists()
