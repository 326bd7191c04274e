# shellcheck shell=sh
# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs run_action.sh, which is beside it, with the same arguments and environment, and leaves its code for the other
# containers of the pod. Ends with 0 whatever came of it, so that the pod goes on: a script that failed is not run again and
# again. The caller sets, beside the environment of run_action.sh:
#   RECORD_FILE  takes the code; it is not there while the action runs
#   RUN_ATTEMPT  what the newest run of the action by a user calls itself; may be unset. The pod is started again with its node, and
#                made anew after an eviction: then a script that failed runs again only where this is another one than it was
# The other containers hold credentials and the port until they see that file. So it is written again and again where it
# cannot be, as on a node whose disk is full, until that succeeds or the pod is told to end.

set -u

folder="${0%/*}"
# shellcheck source=plugins/module_utils/_nodes/files/action_message.sh
. "$folder/action_message.sh"

record() {
    { printf '%s' "$code" > "$RECORD_FILE.new" && mv -f "$RECORD_FILE.new" "$RECORD_FILE"; } 2> /dev/null
}

action=""
rm -f "$RECORD_FILE"
# The action is given its time to end, and tells what came of it.
trap 'signals=$((signals + 1)); [ -z "$action" ] || kill -TERM "$action" 2> /dev/null' TERM INT
sh "$folder/run_action.sh" "$@" < /dev/null &
action=$!
if [ "$signals" -gt 0 ]; then
    kill -TERM "$action" 2> /dev/null
fi
wait_fully "$action"
action=""
told=""
until record || [ "$signals" -gt 0 ]; do
    if [ -z "$told" ]; then
        printf 'the code cannot be written to %s; this tries again until it can\n' "$RECORD_FILE" >&2
        told=yes
    fi
    sleep 1
done
exit 0
