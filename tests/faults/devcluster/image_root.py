# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs what is in an assembled image, without a cluster: in a root of its own, as the image's user."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devcluster.image_layer import Image

START_SECONDS = 30.0
# /proc and /dev are what a container has.
ENTER = 'mount --bind /dev "$0/dev" && mount -t proc proc "$0/proc" && exec "$@"'
NAMESPACES = ("unshare", "--mount", "--pid", "--fork")


def configuration(image: Image) -> dict[str, Any]:
    """The image's configuration, as the image specification has it."""
    found: dict[str, Any] = json.loads(image.blobs[json.loads(image.manifest)["config"]["digest"]])
    return found


@dataclass(frozen=True)
class ImageRoot:
    """An unpacked image: its folder and its configuration."""

    folder: Path
    configuration: dict[str, Any]

    @staticmethod
    def unpack(image: Image, folder: Path) -> ImageRoot:
        """Unpacks the image into the folder."""
        for described in json.loads(image.manifest)["layers"]:
            with tarfile.open(fileobj=io.BytesIO(image.blobs[described["digest"]])) as archive:
                archive.extractall(folder, filter="fully_trusted")
        folder.chmod(0o755)
        for name in ("dev", "proc"):
            (folder / name).mkdir(exist_ok=True)
        return ImageRoot(folder, configuration(image))

    def command(self, *arguments: str) -> list[str]:
        """What runs the image's entry point with these arguments, as its user, in its root."""
        config = self.configuration["config"]
        chroot = ("chroot", f"--userspec={self._user(config['User'])}", str(self.folder))
        environment = ("/bin/busybox", "env", "-i", *config["Env"])
        inside = (*chroot, *environment, *config["Entrypoint"], *arguments)
        return [*NAMESPACES, "sh", "-c", ENTER, str(self.folder), *inside]

    def _user(self, name: str) -> str:
        """By number: the machine may have another user of this name."""
        lines = [line.split(":") for line in (self.folder / "etc/passwd").read_text().splitlines()]
        return next(f"{line[2]}:{line[3]}" for line in lines if line[0] == name)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs it to its end."""
        command = self.command(*arguments)
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=START_SECONDS)

    @contextmanager
    def serving(self, is_ready: Callable[[], bool], *arguments: str) -> Iterator[int]:
        """Runs it until the block is left, which is entered once it is ready; gives its process 1."""
        log = self.folder.with_suffix(".log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                self.command(*arguments), stdout=output, stderr=output, start_new_session=True
            )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not is_ready():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, f"it does not become ready: {log.read_text()}"
                time.sleep(0.1)
            yield int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())
        finally:
            # The change of user takes away the signal that --kill-child would ask for.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
