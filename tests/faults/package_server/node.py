# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node for the script that runs an action: this machine, but with its state in the folder of the test.

nsenter is a stand-in that runs its command where it is: the real one would enter the namespaces of this
machine's first process, where the scripts of a test have no business. All but that step is proven here.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.faults.package_server.packages import FILES, shell_command
from tests.faults.registry_gateways.processes import installed

HASH = "0123456789abcdef" * 4
OTHER_HASH = "fedcba9876543210" * 4
LONGEST_MESSAGE = 4096
NODE_TOOLS = (
    *(
        "cat",
        "chmod",
        "cp",
        "date",
        "dd",
        "flock",
        "head",
        "ln",
        "ls",
        "mkdir",
        "mkfifo",
        "mv",
        "od",
        "readlink",
        "rm",
    ),
    *("rmdir", "setsid", "sh", "sleep", "tail", "tee"),
)


@dataclass(frozen=True)
class Run:
    """What a run said at its end.

    :ivar result: the termination message
    :ivar log: what the container wrote
    """

    code: int
    result: Mapping[str, Any]
    log: bytes
    octets: int


@dataclass
class Node:
    """A node and the files of a container on it.

    :ivar shell: which one runs the script in the container, and on the node
    :ivar container_path: where the container has its commands; empty: those of this machine
    :ivar program: what the container runs
    """

    folder: Path
    shell: str = "dash"
    container_path: str = ""
    program: str = "run_action.sh"
    _node_path: str = ""
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _logs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """The folder of the action on the node."""
        return self.folder / "host" / "actions" / "namespace-name"

    @property
    def code_file(self) -> Path:
        """Where record_action.sh leaves the code."""
        return self.folder / "code"

    @property
    def output(self) -> bytes:
        """What the node has kept of the last run's output."""
        return (self.state / "output").read_bytes()

    def prepare(self) -> None:
        """Makes the folders, and the stand-in of nsenter."""
        for name in ("bin", "host", "container/variables", "container/packages"):
            (self.folder / name).mkdir(parents=True)
        self.have_tools(None)
        self.write_script("echo done")

    def have_tools(self, tools: tuple[str, ...] | None) -> None:
        """Gives the node only these commands; None: all that this machine has, and the shell as sh."""
        folder = self.folder / "node-bin"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for tool in tools if tools is not None else ():
            (folder / tool).symlink_to(installed(tool))
        (folder / "sh").unlink(missing_ok=True)
        shell = shell_command(self.shell)
        self._program(folder / "sh", f'exec {" ".join(shell)} "$@"')
        self._node_path = f"{folder}:$PATH" if tools is None else str(folder)
        self._stand_in()

    def stand_in_for(self, tool: str, text: str) -> None:
        """Gives the node another program of that name; shells that have their own prefer that."""
        self._program(self.folder / "node-bin" / tool, text)

    def limit_files(self, blocks: int) -> None:
        """No process of the node can write a file with more blocks of 512 octets."""
        self._stand_in(f"ulimit -f {blocks}")

    def use_shell(self, shell: str) -> None:
        """Makes this one the shell of the container and of the node."""
        self.shell = shell
        self.have_tools(None)

    def write_script(self, text: str) -> None:
        """Gives the action this script."""
        (self.folder / "container" / "script").write_text(text, encoding="utf-8")

    def write_variables(self, variables: Mapping[str, str]) -> None:
        """Gives the action these variables, as a volume of a ConfigMap has them."""
        data = self.folder / "container" / "variables" / "..data"
        data.mkdir()
        for name, value in variables.items():
            (data / name).write_text(value, encoding="utf-8")
            (data.parent / name).symlink_to(f"..data/{name}")

    def start(
        self, *arguments: str, message: str = "message", content_hash: str = HASH, **settings: str
    ) -> subprocess.Popen[bytes]:
        """Starts a run; ``settings`` are variables of the script, in lower case and without RUN_."""
        container = self.folder / "container"
        values = {
            "state": str(self.state),
            "hash": content_hash,
            "script": str(container / "script"),
            "variables": str(container / "variables"),
            "packages": "",
            "namespaces": "mount",
            "port": "",
            "instance": "one",
            "node": "node-1",
            "time_limit": "60",
            "lock_limit": "20",
            "server_limit": "2",
            "grace": "2",
            "force": "false",
            "removes": "false",
            "stays": "false",
            # A path, since BusyBox's shell would prefer its own.
            "nsenter": str(self.folder / "bin" / "nsenter"),
            "message_file": str(self.folder / message),
            **settings,
        }
        environment = {f"RUN_{name.upper()}": value for name, value in values.items()}
        environment["RECORD_FILE"] = str(self.code_file)
        # A container's output goes into a pipe.
        with (self.folder / f"{message}.log").open("wb") as file:
            log = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file)
        assert log.stdin is not None
        with log.stdin:
            process = subprocess.Popen(
                [
                    *shell_command(self.shell),
                    str(FILES / self.program),
                    *(arguments or ("install", "account")),
                ],
                env={
                    "PATH": self.container_path or f"{self.folder}/bin:{os.environ['PATH']}",
                    "KUBERNETES_SERVICE_HOST": "10.96.0.1",
                    "CREDENTIAL": "secret-of-the-container",
                    "http_proxy": "http://127.0.0.1:1",
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=log.stdin,
                stderr=log.stdin,
                start_new_session=True,
            )
        self._started += [process, log]
        self._logs[message] = log
        return process

    def log(self, message: str = "message") -> bytes:
        """What a run has written so far."""
        return (self.folder / f"{message}.log").read_bytes()

    def wait(self, process: subprocess.Popen[bytes], message: str = "message") -> Run:
        """Waits for the end of a run."""
        code = process.wait(timeout=60)
        self._logs[message].wait(timeout=10)
        octets = (self.folder / message).read_bytes()
        assert octets.endswith(b"\n")
        assert octets.count(b"\n") == 1
        result = json.loads(octets)
        assert result["code"] == code or self.program == "record_action.sh"
        return Run(code, result, (self.folder / f"{message}.log").read_bytes(), len(octets))

    def run(
        self, *arguments: str, message: str = "message", content_hash: str = HASH, **settings: str
    ) -> Run:
        """Runs the action and waits for its end."""
        process = self.start(*arguments, message=message, content_hash=content_hash, **settings)
        return self.wait(process, message)

    def sentinel(self, name: str = "done") -> Mapping[str, Any] | None:
        """A file of the state; None where it is not there."""
        file = self.state / name
        found: Mapping[str, Any] | None = json.loads(file.read_text()) if file.exists() else None
        return found

    def end_all(self) -> None:
        """Ends what a failed test has left running; a run has its own session, and its log ends with it."""
        for process in self._started:
            if process.poll() is None:
                if os.getpgid(process.pid) == process.pid:
                    os.killpg(process.pid, signal.SIGKILL)
                process.kill()
                process.wait()

    def _stand_in(self, first: str = "") -> None:
        # "-t 1 OPTION… -- COMMAND…": what was asked for is written down.
        text = f"""
            : > {self.folder}/entered
            while [ "$1" != -- ]; do printf '%s ' "$1" >> {self.folder}/entered; shift; done
            shift
            PATH="{self._node_path}"
            export PATH
            {first}
            exec "$@"
        """
        self._program(self.folder / "bin" / "nsenter", text)

    def _program(self, file: Path, text: str) -> None:
        file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        file.chmod(0o755)


@contextmanager
def answering(body: str, code: int = 200) -> Iterator[str]:
    """A server that answers every request with this; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            octets = body.encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield str(server.server_port)
        finally:
            server.shutdown()
            thread.join()
