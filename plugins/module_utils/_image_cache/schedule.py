# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the containers of the cache run, and when they end so that the kubelet looks at their image anew.

Source: KEP-4603 (a restarted container's back-off is forgotten once it ran for ten minutes). So each
container runs that long between two ends; where a shorter interval is wanted, several containers take turns.

All scripts take whole numbers as their only parameters, and the path of the busybox as ``$0``. They need
nothing else of the image they run in: no shell, no PATH.
"""

from __future__ import annotations

SLEEPER_FOLDER = "/.image-cache"
BUSYBOX = f"{SLEEPER_FOLDER}/busybox"

# Ten minutes, and one for what the kubelet needs to see an end and to start again.
SHORTEST_RUN = 660

# A process 1 gets no signal that it has no trap for. The last five are what images name as their stop signal.
_TRAP = """\
trap '"$0" kill "$!" 2>/dev/null; exit 0' TERM HUP INT QUIT USR1 WINCH
"""

# Parameters: epoch, host name, interval, k, count, delay. Prints the seconds (1 to interval * count) to the
# next moment t after epoch with t + offset - delay = interval * n and n modulo count = k; offset is a hash
# of the host name modulo interval, so that nodes do not ask a registry all at once. The hash is the first
# 32 bits of SHA-256: cksum, which would do, is missing in Debian's busybox.
SECONDS_TO_SLEEP = """\
seconds_to_sleep() {
  sum=$("$0" printf %s "$2" | "$0" sha256sum) || return 1
  offset=$((0x${sum%"${sum#????????}"} % $3))
  period=$(($3 * $5))
  echo "$((period - ($1 + offset + period - $4 * $3 - $6) % period))"
}
"""

# Parameters: interval, k, count, delay. Ends with 0 at that moment of the wall clock, however the clock was
# slowed down meanwhile, or as soon as it turns out to have been set back further than that.
_SLEEP_UNTIL_TURN = f"""\
{_TRAP}{SECONDS_TO_SLEEP}\
host=$("$0" hostname) || exit 1
now=$("$0" date +%s) || exit 1
left=$(seconds_to_sleep "$now" "$host" "$1" "$2" "$3" "$4") || exit 1
end=$((now + left))
longest=$left
while [ "$left" -gt 0 ] && [ "$left" -le "$longest" ]; do
  "$0" sleep "$left" &
  wait "$!" || exit 1
  now=$("$0" date +%s) || exit 1
  left=$((end - now))
done
"""

_SLEEP_FOR_EVER = f"""\
{_TRAP}"$0" sleep 2147483647 &
wait "$!"
"""


def refresh_count(interval: int) -> int:
    """Give how many refresh containers of one image take turns; ``interval`` in seconds, 0 for never."""
    return 1 if interval == 0 or interval >= SHORTEST_RUN else -(-SHORTEST_RUN // interval)


def refresh_command(interval: int, k: int, count: int) -> list[str]:
    """Give the argv of refresh container ``k`` of ``count``, which ends in every count-th interval.

    With an interval of 0 it never ends.
    """
    return _until_turn(interval, k, count, 0) if interval else _for_ever()


def pin_command(interval: int, moving: bool) -> list[str]:
    """Give the argv of a pin.

    Where the image moves, the pin ends as often as one refresh container, half an interval after the first of
    them: what that one pulled is there by then. Otherwise, and with an interval of 0, it never ends.
    """
    if not moving or interval == 0:
        return _for_ever()
    return _until_turn(interval, 0, refresh_count(interval), interval // 2)


def _until_turn(interval: int, k: int, count: int, delay: int) -> list[str]:
    return [BUSYBOX, "sh", "-c", _SLEEP_UNTIL_TURN, BUSYBOX, *map(str, (interval, k, count, delay))]


def _for_ever() -> list[str]:
    return [BUSYBOX, "sh", "-c", _SLEEP_FOR_EVER, BUSYBOX]
