# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked for redirects: HAProxy with our files, nginx, and a program in Go; each has one core."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._errors import ArtifactsError
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.haproxy import (
    RenderOptions,
    render,
)
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.proxy_rules import MAIN_FILE
from ansible_collections.clusterdepot.artifacts.plugins.module_utils._routes.route import (
    Route,
    RouterSettings,
)
from benchmarks import go_programs, servers
from benchmarks.errors import BenchmarkError
from devcluster.ports import free_port

CONNECTIONS = 4096
_LOOPBACK = "127.0.0.1"
# The same fields as in our log.
_NGINX_LOG = """log_format lines escape=json '{"time":"$time_iso8601","client":"$remote_addr","code":$status,'
  '"method":"$request_method","host":"$http_host","path":"$uri","route":"$route",'
  '"user_agent":"$http_user_agent","milliseconds":$request_time}';
  access_log /dev/null lines;"""


@dataclass(frozen=True)
class Redirector:
    """Listens on loopback; ``process`` is the one that was started."""

    name: str
    port: int
    process: int


@dataclass(frozen=True)
class Place:
    """Where a redirector runs.

    :ivar folder: for folders of its own
    :ivar core: the number of the only one that it has
    """

    folder: Path
    core: int

    def command(self, *arguments: str) -> list[str]:
        """The arguments, on that core. Raises BenchmarkError where the first one is not installed."""
        return ["taskset", "--cpu-list", str(self.core), servers.installed(arguments[0]), *arguments[1:]]

    def own(self, name: str) -> Path:
        """A folder that nobody else has, and that workers of another user may look into."""
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        folder.chmod(0o755)
        return folder


def haproxy(place: Place, routes: Sequence[Route]) -> AbstractContextManager[Redirector]:
    """Ours, as the collection renders it by default, with one thread and no log. Raises BenchmarkError."""
    return _haproxy(place, routes, access_log=False)


def logging_haproxy(place: Place, routes: Sequence[Route]) -> AbstractContextManager[Redirector]:
    """The same with its log, which goes nowhere."""
    return _haproxy(place, routes, access_log=True)


def nginx(place: Place, routes: Sequence[Route]) -> AbstractContextManager[Redirector]:
    """One worker with routes of one prefix each, without a log. Raises BenchmarkError."""
    return _nginx(place, routes, access_log=False)


def logging_nginx(place: Place, routes: Sequence[Route]) -> AbstractContextManager[Redirector]:
    """The same with our log's fields as its log, which goes nowhere."""
    return _nginx(place, routes, access_log=True)


@contextmanager
def go_redirector(place: Place, routes: Sequence[Route]) -> Iterator[Redirector]:
    """The program in peers/go_redirector, with routes by the first segment. Raises BenchmarkError."""
    folder, port = place.own("go"), free_port()
    program = go_programs.build(go_programs.REDIRECTOR, folder)
    (folder / "routes").write_text("".join(f"{route.name}\t{route.target.host}\n" for route in routes))
    command = place.command(str(program), f"-listen={_LOOPBACK}:{port}", f"-routes={folder / 'routes'}")
    with servers.running(command, folder, port, {"GOMAXPROCS": "1"}) as process:
        yield Redirector("go", port, process)


@contextmanager
def _haproxy(place: Place, routes: Sequence[Route], *, access_log: bool) -> Iterator[Redirector]:
    folder, port = place.own("haproxy"), free_port()
    options = RenderOptions(
        http_port=port,
        metrics_port=free_port(),
        threads=1,
        max_connections=CONNECTIONS,
        access_log=access_log,
        folder=str(folder),
        address=_LOOPBACK,
    )
    try:
        rendered = render(routes, RouterSettings(), options)
    except ArtifactsError as error:
        raise BenchmarkError(str(error)) from error
    for file, text in rendered.files.items():
        (folder / file).write_text(text)
    command = place.command("haproxy", "-db", "-f", str(folder / MAIN_FILE))
    if access_log:
        # The log is its standard output.
        command = ["sh", "-c", 'exec "$@" >/dev/null', "sh", *command]
    with servers.running(command, folder, port) as process:
        yield Redirector("haproxy", port, process)


@contextmanager
def _nginx(place: Place, routes: Sequence[Route], *, access_log: bool) -> Iterator[Redirector]:
    folder, port = place.own("nginx"), free_port()
    (folder / "nginx.conf").write_text(nginx_configuration(routes, folder, port, access_log=access_log))
    command = place.command("nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"))
    with servers.running(command, folder, port) as process:
        yield Redirector("nginx", port, process)


def nginx_configuration(routes: Sequence[Route], folder: Path, port: int, *, access_log: bool) -> str:
    """For routes with one prefix each: a location for the prefix itself, another for what is below it."""
    locations = "\n  ".join(line for route in routes for line in _locations(route, access_log=access_log))
    return f"""daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/errors warn;
events {{ worker_connections {CONNECTIONS}; }}
http {{
  {_NGINX_LOG if access_log else "access_log off;"}
  keepalive_timeout 60s;
  keepalive_requests 1000000000;
  server {{
  listen {_LOOPBACK}:{port};
  location = /_/healthz {{ return 200 "ok\\n"; }}
  {locations}
  location / {{ return 404; }}
  }}
}}
"""


def _locations(route: Route, *, access_log: bool) -> Iterator[str]:
    (path,) = route.conditions.paths
    told = f"set $route {route.name}; " if access_log else ""
    answer = f"{{ {told}return {route.code} {route.target}$request_uri; }}"
    yield f"location = {path.value} {answer}"
    yield f"location ^~ {path.value}/ {answer}"
