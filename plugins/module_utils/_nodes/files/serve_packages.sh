# shellcheck shell=sh
# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs HAProxy, and has it read its configuration again when the catalogue has changed: requests that are being answered
# then are answered to their end, which hard-stop-after in PROXY_FILE lets take as long as any script may run.
# Run by any POSIX shell as a container's first process. The caller sets:
#   CATALOGUE_FOLDER  has packages.map and generation
#   PROXY_FILE        haproxy.cfg
#   PKG_INSTANCE      goes into the answer of /_/healthz, so that nobody takes another server for this one
#   FINISHED_FILE     once it is there, nothing listens any more, and the container sleeps; empty: never

set -eu

is_finished() {
    [ -n "$FINISHED_FILE" ] && [ -e "$FINISHED_FILE" ]
}

# sleep_on: the container goes on, since the pod does; nothing is left in its environment.
sleep_on() {
    exec env -i PATH="$PATH" sh -c 'trap "kill \$!; exit 0" TERM INT USR1; while :; do sleep 3600 & wait $!; done'
}

read_generation() {
    found=""
    IFS= read -r found < "$CATALOGUE_FOLDER/generation" || true
    printf '%s' "$found"
}

watch() {
    known="$2"
    while sleep 1; do
        if is_finished; then
            kill "$1" 2> /dev/null || true
            return 0
        fi
        found=""
        { IFS= read -r found < "$CATALOGUE_FOLDER/generation"; } 2> /dev/null || true
        if [ -n "$found" ] && [ "$found" != "$known" ]; then
            kill -USR2 "$1"
            known="$found"
        fi
    done
}

stop() {
    trap - TERM INT USR1
    stopping=yes
    kill "$proxy" 2> /dev/null || true
    kill "$watcher" 2> /dev/null || true
}

if is_finished; then
    sleep_on
fi
proxy=""
watcher=""
stopping=""
# Its image may ask for USR1 where a container is to end.
trap stop TERM INT USR1
# Read before the proxy reads the map: what changes in between is read once more, not missed.
generation="$(read_generation)"
haproxy -W -db -f "$PROXY_FILE" < /dev/null &
proxy=$!
watch "$proxy" "$generation" < /dev/null &
watcher=$!
code=0
wait "$proxy" || code=$?
if [ -z "$stopping" ] && is_finished; then
    wait || true
    if [ -z "$stopping" ]; then
        sleep_on
    fi
fi
stop
wait
exit "$code"
