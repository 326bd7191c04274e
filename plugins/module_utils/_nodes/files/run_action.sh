# shellcheck shell=sh
# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs a script on the node that this container is on, once for each content hash, and says what came of it.
# Run as: sh run_action.sh ACTION STORAGE_ACCOUNT, which become the script's arguments; the account may be empty.
# Beside it are action_message.sh, and run_on_node.sh with what is done on the node.
# The pod has hostPID, and hostNetwork if it has a server. The container is privileged, and has cat, date, env, grep, head,
# nsenter, od, sleep and tail; curl, or wget and timeout, help it to see which server answers. The caller sets:
#   RUN_STATE           folder on the node, of this action alone
#   RUN_HASH            the content hash, hexadecimal
#   RUN_SCRIPT          the script, as this container sees it; an empty file: there is nothing to run
#   RUN_VARIABLES       folder of this container: a file for each variable, named like it; empty: none
#   RUN_PACKAGES        folder of this container whose files the script finds in PKG_DIR; empty: none
#   RUN_NAMESPACES      of the node, that the script is run in: some of "mount uts ipc net pid"; mount always is
#   RUN_PORT            of the package server; empty: there is none
#   RUN_INSTANCE        what that server calls itself
#   RUN_NODE            name of the node
#   RUN_TIME_LIMIT      seconds for the script
#   RUN_LOCK_LIMIT      seconds to wait for another run of this action
#   RUN_SERVER_LIMIT    seconds to wait for the server
#   RUN_GRACE           seconds between asking the script to end and killing it; fewer than the pod has for its end
#   RUN_FORCE           true: also where it was done before
#   RUN_REMOVES         true: it takes back what was done, and RUN_STATE goes with it; nothing runs where none is
#   RUN_STAYS           true: a failure of the same hash is told again, and nothing runs, unless RUN_ATTEMPT, which may be unset, is
#                       another one now
#   RUN_NSENTER         nsenter, or its path in this image
#   RUN_MESSAGE_FILE    takes one line of JSON, at most 4096 octets: hash, code, changed, seconds, reason, output
# Exit codes: 0 done, or done before; 64 called wrongly; 69 the server did not answer, or the node lacks something; 73 the
# state cannot be written; 75 no lock in time; 124 time limit; otherwise the script's own.

set -u

folder="${0%/*}"
: > "$RUN_MESSAGE_FILE"
exec 4>> "$RUN_MESSAGE_FILE"
# shellcheck source=plugins/module_utils/_nodes/files/action_message.sh
. "$folder/action_message.sh"

# Of the node, also for the script.
HOST_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin

# ask_server: what the server answers; fails where nothing does. Without a program that can ask, it is enough that it listens.
ask_server() {
    url="http://127.0.0.1:$RUN_PORT/_/healthz"
    if command -v curl > /dev/null; then
        env -i PATH="$PATH" curl -q -fsS -m 2 --noproxy '*' "$url" 2> /dev/null
    elif command -v wget > /dev/null; then
        # Of its own options, -T makes BusyBox 1.35 of Debian crash.
        env -i PATH="$PATH" timeout 5 wget -q -O - "$url" 2> /dev/null
    elif grep -qi "^ *[0-9]*: 0100007F:$(printf '%04X' "$RUN_PORT") 00000000:0000 0A " /proc/net/tcp; then
        printf 'ok %s\n' "$RUN_INSTANCE"
    else
        return 1
    fi
}

wait_for_server() {
    answer=""
    waited_until=$(($(date +%s) + RUN_SERVER_LIMIT))
    until answer="$(ask_server)" && [ "$answer" = "ok $RUN_INSTANCE" ]; do
        if [ "$signals" -gt 0 ]; then
            give_up 143 "the pod was told to end while it waited for the package server"
        fi
        if [ "$(date +%s)" -ge "$waited_until" ]; then
            case "$answer" in
                "") what="did not answer" ;;
                *) what="is answered by another server: choose another port" ;;
            esac
            give_up 69 "the package server: port $RUN_PORT of the node's loopback $what, for $RUN_SERVER_LIMIT seconds"
        fi
        sleep 1
    done
}

check_settings() {
    for number in "$RUN_TIME_LIMIT" "$RUN_LOCK_LIMIT" "$RUN_SERVER_LIMIT" "$RUN_GRACE" "0$RUN_PORT"; do
        case "$number" in
            "" | *[!0-9]*) give_up 64 "a limit or the port is no number" ;;
        esac
    done
    case "$RUN_STATE" in
        /*/*) ;;
        *) give_up 64 "RUN_STATE is no folder below another one" ;;
    esac
    if [ ! -f "$RUN_SCRIPT" ]; then
        give_up 64 "there is no script $RUN_SCRIPT in this container"
    fi
}

# enter_node ACTION ACCOUNT: the environment is made anew there, so nothing of the container's is in it.
enter_node() {
    nsenter_file="$(command -v "$RUN_NSENTER")" || give_up 69 "this image has no $RUN_NSENTER"
    action="$1"
    account="$2"
    set -- -t 1 -m
    for namespace in $RUN_NAMESPACES; do
        case "$namespace" in
            # A pod with hostPID is in the node's namespace of processes already.
            mount | pid) ;;
            uts) set -- "$@" -u ;;
            ipc) set -- "$@" -i ;;
            net) set -- "$@" -n ;;
            *) give_up 64 "there is no namespace $namespace; allowed: mount, uts, ipc, net, pid" ;;
        esac
    done
    program="$(cat "$folder/action_message.sh" "$folder/run_on_node.sh")"
    if [ "$signals" -gt 0 ]; then
        give_up 143 "the pod was told to end before the script was started"
    fi
    env -i PATH="$HOST_PATH" \
        RUN_STATE="$RUN_STATE" RUN_HASH="$RUN_HASH" RUN_SCRIPT="$RUN_SCRIPT" RUN_VARIABLES="$RUN_VARIABLES" \
        RUN_PACKAGES="$RUN_PACKAGES" RUN_PORT="$RUN_PORT" RUN_NODE="$RUN_NODE" RUN_TIME_LIMIT="$RUN_TIME_LIMIT" \
        RUN_LOCK_LIMIT="$RUN_LOCK_LIMIT" RUN_GRACE="$RUN_GRACE" RUN_FORCE="$RUN_FORCE" RUN_REMOVES="$RUN_REMOVES" \
        RUN_STAYS="$RUN_STAYS" RUN_ATTEMPT="${RUN_ATTEMPT-}" \
        RUN_CONTAINER="/proc/$$/root" RUN_PATH="$HOST_PATH" \
        "$nsenter_file" "$@" -- sh -c "$program" run_on_node "$action" "$account" < /dev/null &
    child=$!
    if [ "$signals" -gt 0 ]; then
        kill -TERM "$child" 2> /dev/null
    fi
    wait_fully "$child"
}

container_side() {
    case "$RUN_HASH" in
        "" | *[!0-9a-f]*)
            RUN_HASH=""
            give_up 64 "RUN_HASH is no hexadecimal number"
            ;;
    esac
    check_settings
    child=""
    trap 'signals=$((signals + 1)); [ -z "$child" ] || kill -TERM "$child" 2> /dev/null' TERM INT
    if [ -n "$RUN_PORT" ]; then
        wait_for_server
    fi
    enter_node "$@"
    if [ ! -s "$RUN_MESSAGE_FILE" ]; then
        write_message "$code" true 0 "the run on the node ended with code $code and said nothing" ""
    fi
    exit "$code"
}

container_side "$@"
