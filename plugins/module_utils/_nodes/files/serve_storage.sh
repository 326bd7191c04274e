# shellcheck shell=sh
# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Serves the storage and the stage on a unix socket, read-only, and reads the catalogue again and again.
# Run by any POSIX shell as a container's first process, with the environment of fetch_packages.sh and:
#   CATALOGUE_REFRESH  seconds between two readings; 0: the catalogue is read no more
#   FETCH_SCRIPT       fetch_packages.sh
#   FINISHED_FILE      once it is there, nothing is served any more, and the container sleeps, without any credential; empty:
#                      never
# The socket is storage.sock in CATALOGUE_FOLDER. Only the containers that have this folder reach it, as any user: the
# proxy need not run as the one that runs this. What the server lists is kept from others by the proxy.

set -eu

socket="$CATALOGUE_FOLDER/storage.sock"
longest_listing="$CATALOGUE_REFRESH"
if [ "$longest_listing" -eq 0 ]; then
    longest_listing=300
fi

is_finished() {
    [ -n "$FINISHED_FILE" ] && [ -e "$FINISHED_FILE" ]
}

# sleep_on: the container goes on, since the pod does; nothing is left in its environment.
sleep_on() {
    exec env -i PATH="$PATH" sh -c 'trap "kill \$!; exit 0" TERM INT; while :; do sleep 3600 & wait $!; done'
}

refresh() {
    RCLONE_PID="$1" sh "$FETCH_SCRIPT" || printf 'the catalogue stays as it was\n' >&2
}

# watch SERVER: reads the catalogue again and again; ends with the server once there is nothing left to serve for.
watch() {
    if [ -z "$FINISHED_FILE" ]; then
        while sleep "$CATALOGUE_REFRESH"; do
            refresh "$1"
        done
    fi
    waited=0
    until is_finished; do
        sleep 1
        waited=$((waited + 1))
        if [ "$waited" = "$CATALOGUE_REFRESH" ]; then
            refresh "$1"
            waited=0
        fi
    done
    kill -KILL "$1" 2> /dev/null || true
}

stop() {
    trap - TERM INT
    stopping=yes
    # It has nothing to save, and on a polite signal it may leave a download hanging for as long as the client waits.
    kill -KILL "$server" 2> /dev/null || true
    if [ -n "$watcher" ]; then
        kill "$watcher" 2> /dev/null || true
    fi
}

if is_finished; then
    sleep_on
fi
rm -f "$socket"
export RCLONE_CONFIG_SERVED_TYPE=combine
export RCLONE_CONFIG_SERVED_UPSTREAMS="\"storage=$CATALOGUE_REMOTE\" \"stage=$STAGE_FOLDER\""
server=""
watcher=""
stopping=""
trap stop TERM INT
# What is read is handed on at once: no octet is read ahead into memory, and no MD5 sum is made of what has been sent, which
# halved the speed, and which nobody looks at before the end.
(
    umask 000
    exec rclone serve http served: --read-only --addr "unix://$socket" --dir-cache-time "${longest_listing}s" \
        --buffer-size 0 --no-checksum --poll-interval 0 --contimeout 10s --timeout 30s --low-level-retries 3 --log-level NOTICE < /dev/null
) &
server=$!
if [ "$CATALOGUE_REFRESH" -gt 0 ] || [ -n "$FINISHED_FILE" ]; then
    watch "$server" < /dev/null &
    watcher=$!
fi
code=0
wait "$server" || code=$?
if [ -z "$stopping" ] && is_finished; then
    # What it may be reading just now still has the credentials.
    wait || true
    if [ -z "$stopping" ]; then
        sleep_on
    fi
fi
stop
wait
exit "$code"
