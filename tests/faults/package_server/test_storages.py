# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is made of the option ``storage`` is what a real rclone understands."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._nodes.storage import (
    HOST_FOLDER,
    check_secret,
    read_storage,
)
from tests.faults.package_server.packages import (
    ACCESS_KEY,
    BUCKET,
    CONTENT,
    SECRET_KEY,
    Packages,
)

PACKAGE = "/pkg/mypackage/latest"
LOGIN = "Basic YWNjZXNzOnNlY3JldA=="


def use(packages: Packages, raw: Mapping[str, Any], secret: Mapping[str, str] | None = None) -> None:
    """Makes the scripts read this storage, with the keys of its Secret."""
    storage, faults = read_storage(raw)
    assert not faults
    assert storage is not None
    storage, reason = check_secret(storage, secret)
    assert reason is None
    packages.remote = storage.remote
    packages.environment = dict(storage.environment)
    packages.environment |= {name: (secret or {})[key] for name, key in storage.secret_keys}


@contextmanager
def web_server(folder: Path, login: str = "", *, lists: bool) -> Iterator[str]:
    """Serves a folder; its address. Without listings, a folder is not found."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(folder))

        def send_head(self) -> Any:
            if login and self.headers.get("Authorization") != login:
                self.send_error(401)
                return None
            return super().send_head()

        def list_directory(self, path: Any) -> Any:
            if lists:
                return super().list_directory(path)
            self.send_error(404)
            return None

        def log_message(self, *_arguments: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def assert_served(packages: Packages, wanted: str = "") -> None:
    """The package is had, staged beforehand or not."""
    fetched = packages.fetch(wanted)
    assert (fetched.message, fetched.code) == ("", 0)
    packages.start()
    response = packages.ask(PACKAGE)
    assert (response.code, response.body) == (200, CONTENT)


@pytest.mark.parametrize("prefix", ["", "some folder/of'it", "a$b/%41+ü"])
def test_a_bucket(packages: Packages, prefix: str) -> None:
    packages.serve_s3()
    endpoint = packages.environment["RCLONE_CONFIG_STORAGE_ENDPOINT"]
    for name in ("packages.toml", "mypackage-123456.deb"):
        packages.put(f"{prefix}/{name}".strip("/"), (packages.storage / name).read_bytes())
        if prefix:
            (packages.storage / name).unlink()
    raw = {"type": "s3", "bucket": BUCKET, "provider": "Other", "endpoint": endpoint, "secret": "s3"}
    keys = {"access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY}
    use(packages, {**raw, "prefix": prefix}, keys)
    assert_served(packages)


@pytest.mark.parametrize("prefix", ["", "some folder/of'it", "a$b/%41+ü"])
def test_a_folder_of_the_node(packages: Packages, prefix: str) -> None:
    use(packages, {"type": "local", "path": "/srv", "prefix": prefix})
    # Where the container would have the node's folder.
    assert packages.remote.startswith(f"storage:{HOST_FOLDER}")
    packages.remote = packages.remote.replace(HOST_FOLDER, str(packages.storage), 1)
    # Its newest file may be a link.
    packages.put(f"{prefix}/stored.deb".strip("/"), CONTENT)
    folder = packages.storage / prefix
    (packages.storage / "mypackage-123456.deb").unlink()
    (folder / "mypackage-123456.deb").symlink_to("stored.deb")
    if prefix:
        (packages.storage / "packages.toml").rename(folder / "packages.toml")
    assert_served(packages)


@pytest.mark.parametrize("login", ["", LOGIN])
def test_a_web_server_that_lists_its_folders(packages: Packages, login: str) -> None:
    with web_server(packages.storage.parent, login, lists=True) as url:
        raw = {"type": "http", "url": url, "prefix": BUCKET}
        if login:
            use(packages, {**raw, "secret": "http"}, {"headers": f"Authorization,{login}"})
        else:
            use(packages, raw)
        assert_served(packages)


def test_a_web_server_that_lists_nothing_gives_what_is_fetched_beforehand(packages: Packages) -> None:
    with web_server(packages.storage, lists=False) as url:
        use(packages, {"type": "http", "url": url})
        assert_served(packages, "mypackage/latest")


def test_a_wrong_login_is_told(packages: Packages) -> None:
    with web_server(packages.storage, LOGIN, lists=True) as url:
        raw = {"type": "http", "url": url, "secret": "http"}
        use(packages, raw, {"headers": "Authorization,Basic bm8="})
        fetched = packages.fetch()
    assert fetched.code == 1
    assert "401" in fetched.message
    assert "bm8=" not in fetched.message
