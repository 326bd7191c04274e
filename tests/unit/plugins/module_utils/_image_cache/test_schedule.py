# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When containers of the cache end: the moments by a model, the model and the scripts by a real busybox."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.clusterdepot.artifacts.plugins.module_utils._image_cache.schedule import (
    BUSYBOX,
    SECONDS_TO_SLEEP,
    SHORTEST_RUN,
    pin_command,
    refresh_command,
    refresh_count,
)

# Debian's busybox-static; in a pod its copy is at BUSYBOX.
INSTALLED = "/bin/busybox"
# Of a pod that has nothing but the sleeper: no PATH to find anything by.
ENVIRONMENT = {"PATH": "/nonexistent"}
INTERVALS = st.integers(1, 7 * 86400)
EPOCHS = st.integers(0, 2**33)
HOSTS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)


def seconds_to_sleep(epoch: int, host: str, interval: int, k: int, count: int, delay: int) -> int:
    """Find the next turn by its definition, in time that does not grow with the interval."""
    offset = int(hashlib.sha256(host.encode()).hexdigest()[:8], 16) % interval
    slot = (epoch + offset - delay) // interval + 1
    while slot % count != k:
        slot += 1
    return slot * interval + delay - offset - epoch


def parameters(command: list[str]) -> tuple[int, int, int, int]:
    interval, k, count, delay = map(int, command[5:])
    return interval, k, count, delay


def script_seconds(cases: list[tuple[int, str, int, int, int, int]]) -> list[int]:
    """Let one busybox compute all cases."""
    script = SECONDS_TO_SLEEP + 'while [ "$#" -gt 0 ]; do seconds_to_sleep "$@" || exit 1; shift 6; done\n'
    values = [str(value) for case in cases for value in case]
    run = subprocess.run(
        [INSTALLED, "sh", "-c", script, INSTALLED, *values],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stderr == ""
    return [int(line) for line in run.stdout.splitlines()]


@st.composite
def turns(draw: st.DrawFn) -> tuple[int, str, int, int, int, int]:
    interval = draw(INTERVALS)
    count = draw(st.sampled_from((1, refresh_count(interval), 7)))
    delay = draw(st.integers(0, interval - 1))
    return draw(EPOCHS), draw(HOSTS), interval, draw(st.integers(0, count - 1)), count, delay


def installed(command: list[str]) -> list[str]:
    """Give the command with the busybox of this machine."""
    return [INSTALLED if part == BUSYBOX else part for part in command]


def refresh_alone(interval: int) -> list[str]:
    return refresh_command(interval, 0, 1)


def pin_of_moving(interval: int) -> list[str]:
    return pin_command(interval, True)


def turn_within(command_of: Callable[[int], list[str]], at_least: int, at_most: int) -> list[str]:
    """Give a command whose next turn on this machine is that many seconds away."""
    host = socket.gethostname()
    # At some moments, a few in a hundred, no interval has its turn so soon.
    for _attempt in range(20):
        now = int(time.time())
        for command in map(command_of, range(SHORTEST_RUN, 100_000)):
            if at_least <= seconds_to_sleep(now, host, *parameters(command)) <= at_most:
                return command
        time.sleep(1)
    raise AssertionError("no interval has its turn then")


@pytest.mark.parametrize(
    ("interval", "count"),
    [(0, 1), (1, 660), (60, 11), (300, 3), (329, 3), (330, 2), (659, 2), (660, 1), (661, 1), (3600, 1)],
)
def test_as_many_take_turns_as_let_each_run_eleven_minutes(interval: int, count: int) -> None:
    assert refresh_count(interval) == count


@settings(max_examples=50, deadline=None)
@given(st.lists(turns(), min_size=10, max_size=20))
def test_busybox_computes_what_the_model_says(cases: list[tuple[int, str, int, int, int, int]]) -> None:
    assert script_seconds(cases) == [seconds_to_sleep(*case) for case in cases]


@given(turns())
def test_nobody_sleeps_longer_than_one_round_or_not_at_all(case: tuple[int, str, int, int, int, int]) -> None:
    _epoch, _host, interval, _k, count, _delay = case
    assert 1 <= seconds_to_sleep(*case) <= interval * count


@given(EPOCHS, HOSTS, INTERVALS)
def test_in_any_window_of_an_interval_one_refresh_container_ends(
    epoch: int, host: str, interval: int
) -> None:
    count = refresh_count(interval)
    commands = [refresh_command(interval, k, count) for k in range(count)]
    sleeps = [seconds_to_sleep(epoch, host, *parameters(command)) for command in commands]
    assert 1 <= min(sleeps) <= interval
    assert len(set(sleeps)) == count


@given(EPOCHS, HOSTS, INTERVALS, st.integers(0, 100_000), st.data())
def test_two_ends_of_one_container_are_far_enough_apart(
    epoch: int, host: str, interval: int, restart: int, data: st.DataObject
) -> None:
    count = refresh_count(interval)
    command = refresh_command(interval, data.draw(st.integers(0, count - 1)), count)
    for argv in (command, pin_command(interval, True)):
        first = epoch + seconds_to_sleep(epoch, host, *parameters(argv))
        again = first + restart
        second = again + seconds_to_sleep(again, host, *parameters(argv))
        assert second - first >= max(interval, SHORTEST_RUN)


@given(EPOCHS, HOSTS, INTERVALS)
def test_pin_ends_half_an_interval_after_the_first_refresh_container(
    epoch: int, host: str, interval: int
) -> None:
    refresh = refresh_command(interval, 0, refresh_count(interval))
    ended = epoch + seconds_to_sleep(epoch, host, *parameters(refresh))
    assert seconds_to_sleep(ended - 1, host, *parameters(pin_command(interval, True))) == 1 + interval // 2


def test_hosts_have_their_turns_at_different_times() -> None:
    turn = [seconds_to_sleep(0, f"image-cache-docker-io-{n}", 3600, 0, 1, 0) for n in range(2000)]
    assert len(set(turn)) > 1200
    assert max(turn.count(moment) for moment in set(turn)) < 10


@settings(deadline=None)
@given(INTERVALS, st.booleans())
def test_commands_are_the_busybox_a_constant_and_whole_numbers(interval: int, moving: bool) -> None:
    count = refresh_count(interval)
    constants = {pin_command(0, True)[3], refresh_command(1, 0, 1)[3]}
    for command in (pin_command(interval, moving), refresh_command(interval, count - 1, count)):
        assert command[:3] == [BUSYBOX, "sh", "-c"]
        assert command[3] in constants
        assert command[4] == BUSYBOX
        assert all(part.isdigit() for part in command[5:])


def test_what_does_not_move_is_kept_for_ever() -> None:
    for_ever = pin_command(3600, False)
    assert for_ever == pin_command(0, True) == pin_command(0, False) == refresh_command(0, 0, 1)
    assert for_ever != pin_command(3600, True)


@pytest.mark.parametrize("command_of", [pin_of_moving, refresh_alone])
def test_container_ends_with_0_at_its_turn(command_of: Callable[[int], list[str]]) -> None:
    command = turn_within(command_of, 2, 4)
    started = int(time.time())
    turn = started + seconds_to_sleep(started, socket.gethostname(), *parameters(command))
    run = subprocess.run(
        installed(command), env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=30
    )
    ended = time.time()
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert turn <= ended < turn + 1.5


@pytest.fixture(name="signals_by_default")
def _signals_by_default() -> Iterator[None]:
    """A shell cannot trap what was ignored when it started, as SIGINT is in the background of another."""
    names = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
    before = [signal.signal(one, signal.SIG_DFL) for one in names]
    yield
    for one, handler in zip(names, before, strict=True):
        signal.signal(one, handler)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGUSR1", "SIGWINCH"])
@pytest.mark.parametrize("kind", ["for ever", "until its turn"])
@pytest.mark.usefixtures("signals_by_default")
def test_container_ends_with_0_when_it_is_told_to(kind: str, name: str) -> None:
    command = pin_command(3600, False) if kind == "for ever" else turn_within(refresh_alone, 600, 100_000)
    # In a session of its own, so that nothing of it outlives a test that fails.
    process = subprocess.Popen(installed(command), env=ENVIRONMENT, start_new_session=True)
    try:
        sleeping = child_sleeping(process.pid)
        process.send_signal(signal.Signals[name])
        assert process.wait(timeout=10) == 0
        assert gone(sleeping)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_container_fails_where_it_cannot_sleep(tmp_path: Path) -> None:
    broken = tmp_path / "busybox"
    broken.write_text(f'#!{INSTALLED} sh\n[ "$1" != sleep ] || exit 7\nexec {INSTALLED} "$@"\n')
    broken.chmod(0o755)
    command = [str(broken) if part == BUSYBOX else part for part in turn_within(refresh_alone, 600, 100_000)]
    run = subprocess.run(command, env=ENVIRONMENT, check=False, timeout=10)
    assert run.returncode == 1


def child_sleeping(parent: int) -> int:
    """Wait until the process has a child that sleeps, and give it."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            if b"sleep" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
                return int(child)
        time.sleep(0.02)
    raise AssertionError("it does not sleep")


def gone(process: int) -> bool:
    """Wait until the process has ended; what nobody has waited for counts as ended."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
