# shellcheck shell=sh
# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The part of run_action.sh that runs on the node: its text, after that of action_message.sh, is given to the node's sh, with
# the environment that run_action.sh makes, RUN_CONTAINER, where the node sees the container's files, and RUN_PATH for the script.
# In RUN_STATE are: lock; done, once it succeeded; last-failure; output, the end of what the last run wrote; run, while it
# runs. done goes before a script starts, since what a failing one leaves is neither the old state nor the new one.

# The end of the output is kept in two halves of at most this many blocks of 512 octets.
HALF_BLOCKS=1024
# The reason in last-failure while a run has not come to its end.
CUT_OFF="the run was cut off"

check_node() {
    lacking=""
    tools="cat chmod cp date dd head mkdir mkfifo mv od rm rmdir setsid sleep tail tee"
    if command -v flock > /dev/null; then
        tools="$tools ls"
    else
        tools="$tools ln readlink"
    fi
    for tool in $tools; do
        command -v "$tool" > /dev/null || lacking="$lacking $tool"
    done
    if [ -n "$lacking" ]; then
        give_up 69 "the node lacks commands that this needs:$lacking"
    fi
    if [ ! -f "$RUN_CONTAINER$RUN_SCRIPT" ]; then
        give_up 69 "the node does not see this container's files: the pod needs hostPID"
    fi
}

take_lock() {
    locked_until=$(($(date +%s) + RUN_LOCK_LIMIT))
    if command -v flock > /dev/null; then
        until try_flock; do
            wait_for_lock "$RUN_STATE/lock"
        done
    else
        until try_link; do
            wait_for_lock "$RUN_STATE/lock.link"
        done
    fi
}

wait_for_lock() {
    if [ "$signals" -gt 0 ]; then
        give_up 143 "the pod was told to end while it waited for the lock"
    fi
    if [ "$(date +%s)" -ge "$locked_until" ]; then
        give_up 75 "another run of this action holds $1 on the node, for more than $RUN_LOCK_LIMIT seconds"
    fi
    sleep 1
}

make_state() {
    if ! mkdir -p "$RUN_STATE" || ! chmod 700 "$RUN_STATE"; then
        give_up 73 "$RUN_STATE cannot be made on the node: is its file system read-only or full?"
    fi
}

# is_locked_file: whether the lock's file is the one that is open as descriptor 9, whose number no other file gets meanwhile.
is_locked_file() {
    opened="$(ls -diL /proc/self/fd/9 2> /dev/null)" && found="$(ls -diL "$RUN_STATE/lock" 2> /dev/null)" &&
        [ "${opened%% /*}" = "${found%% /*}" ]
}

# A run that took everything back may have removed the file meanwhile: then the lock is of no file, and is taken again.
try_flock() {
    make_state
    # A shell ends when exec fails, so it is tried in another one first.
    if ! (exec 9>> "$RUN_STATE/lock") 2> /dev/null; then
        if [ ! -d "$RUN_STATE" ]; then
            # It was removed just now.
            return 1
        fi
        give_up 73 "$RUN_STATE/lock cannot be written on the node: is its file system read-only or full?"
    fi
    exec 9>> "$RUN_STATE/lock"
    flock -n 9 && is_locked_file
}

# started_at PID: when that process was started, in ticks since the node was; empty where there is none.
started_at() {
    status=""
    { IFS= read -r status < "/proc/$1/stat"; } 2> /dev/null || return 0
    # The second field, in brackets, may hold anything. The 22nd is the 20th after it.
    status="${status##*) }"
    passed=0
    while [ "$passed" -lt 19 ]; do
        status="${status#* }"
        passed=$((passed + 1))
    done
    printf '%s' "${status%% *}"
}

# A link can be made with its content in one step, which a folder or a file cannot.
try_link() {
    make_state
    if ln -s "$$-$(started_at $$)" "$RUN_STATE/lock.link" 2> /dev/null; then
        return 0
    fi
    holder="$(readlink "$RUN_STATE/lock.link")" || return 1
    if [ "$(started_at "${holder%%-*}")" = "${holder#*-}" ]; then
        return 1
    fi
    # Its holder is gone. Only one may remove it, and only while it is still that one's.
    if mkdir "$RUN_STATE/lock.$holder" 2> /dev/null; then
        if [ "$(readlink "$RUN_STATE/lock.link")" = "$holder" ]; then
            rm -f "$RUN_STATE/lock.link"
        fi
        rmdir "$RUN_STATE/lock.$holder"
    fi
    return 1
}

release_lock() {
    if [ "$(readlink "$RUN_STATE/lock.link" 2> /dev/null)" = "$$-$(started_at $$)" ]; then
        rm -f "$RUN_STATE/lock.link"
    fi
}

is_done() {
    sentinel=""
    { IFS= read -r sentinel < "$RUN_STATE/done"; } 2> /dev/null || return 1
    case "$sentinel" in
        '{"hash":"'"$RUN_HASH"'",'*'}') return 0 ;;
        *) return 1 ;;
    esac
}

# tell_failure: ends as the run before did, if it failed and nobody asked for another attempt.
tell_failure() {
    failure=""
    { IFS= read -r failure < "$RUN_STATE/last-failure"; } 2> /dev/null || return 0
    case "$failure" in
        '{"hash":"'"$RUN_HASH"'","attempt":"'"$RUN_ATTEMPT"'",'*'"}') ;;
        *) return 0 ;;
    esac
    seconds="${failure#*\"seconds\":}" code="${failure#*\"code\":}" reason="${failure#*\"reason\":\"}"
    seconds="${seconds%%,*}" code="${code%%,*}"
    # None of the reasons has a character that JSON would write in another way.
    reason="${reason%\"\}}" output="$RUN_STATE/output"
    if [ "$reason" = "$CUT_OFF" ]; then
        # That file is of the run before.
        output=""
    fi
    write_message "$code" false "$seconds" "$reason; it is not run again before the next run of the action" "$output"
    release_lock
    exit "$code"
}

# write_state NAME CODE REASON: whole or not at all.
write_state() {
    {
        printf '{"hash":"%s","attempt":"%s","finished":"%s","seconds":%s,"code":%s,"reason":"%s"}\n' \
            "$RUN_HASH" "$RUN_ATTEMPT" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$seconds" "$2" "$(printf '%s' "$3" | json_text 1000)" \
            > "$RUN_STATE/$1.new" && mv -f "$RUN_STATE/$1.new" "$RUN_STATE/$1"
    } 2> /dev/null
}

# The script and the packages come to the node, for this run and for root alone.
prepare_run() {
    work="$RUN_STATE/run/$RUN_HASH"
    rm -rf "$RUN_STATE/run"
    packages=""
    if ! mkdir -p "$work" || ! cp "$RUN_CONTAINER$RUN_SCRIPT" "$work/script" || ! mkfifo "$work/pipe" "$work/copy" ||
        ! rm -f "$RUN_STATE/done"; then
        end_before_start 73 "$RUN_STATE cannot be written on the node: is its file system read-only or full?"
    fi
    if [ -n "$RUN_PACKAGES" ] && [ -d "$RUN_CONTAINER$RUN_PACKAGES" ]; then
        packages="$work/packages"
        if ! mkdir "$packages" || ! cp -R "$RUN_CONTAINER$RUN_PACKAGES/." "$packages/"; then
            end_before_start 73 "the packages cannot be copied to $packages on the node: is its file system full?"
        fi
    fi
    # Which a script might not be able to tell from its own failure, were it found out afterwards only.
    seconds=0
    if ! write_state last-failure 73 "$CUT_OFF"; then
        end_before_start 73 "$RUN_STATE cannot be written on the node: is its file system full?"
    fi
}

end_before_start() {
    rm -rf "$RUN_STATE/run"
    release_lock
    give_up "$1" "$2"
}

# let_go: of lock and message, in a child. A redirection of the call would let some shells keep copies, and so the lock.
let_go() {
    exec 4>&- 9>&-
}

# keep_end: of standard input, in $work/output.0 to .2, the newest part last; all of it is read, whatever becomes of what is
# written.
keep_end() {
    let_go
    while dd of="$work/output.2" bs=512 count="$HALF_BLOCKS" && [ -s "$work/output.2" ]; do
        if [ -e "$work/output.0" ]; then
            printf 'yes' > "$work/cut"
        fi
        if [ -e "$work/output.1" ]; then
            mv -f "$work/output.1" "$work/output.0"
        fi
        mv -f "$work/output.2" "$work/output.1"
    done 2> /dev/null
    cat > /dev/null
    printf 'yes' 2> /dev/null > "$work/recorded"
}

start_recording() {
    keep_end < "$work/copy" > /dev/null &
    keeper=$!
    tee "$work/copy" < "$work/pipe" 4>&- 9>&- &
    recorder=$!
}

# A process that the script left behind may hold its output open for ever.
end_recording() {
    tries=0
    while [ ! -e "$work/recorded" ] && [ "$tries" -lt 20 ]; do
        sleep 0.1 2> /dev/null || sleep 1
        tries=$((tries + 1))
    done
    kill "$recorder" 2> /dev/null
    wait "$recorder" "$keeper" 2> /dev/null
    output="$work/output"
    {
        if [ -e "$work/cut" ]; then
            printf '(what came before is cut)\n'
        fi
        for part in "$work/output.0" "$work/output.1" "$work/output.2"; do
            if [ -f "$part" ]; then
                cat "$part"
            fi
        done | tail -c "$((HALF_BLOCKS * 1024))"
    } > "$output" 2> /dev/null && cp "$output" "$RUN_STATE/output.new" 2> /dev/null &&
        mv -f "$RUN_STATE/output.new" "$RUN_STATE/output"
}

# run_clean INTERPRETER ACTION ACCOUNT: becomes the script. Its environment is what stands here, and the user's variables; they
# are in no argument list. In a subshell: nothing but positional parameters is used once the first of them is set.
run_clean() {
    let_go
    cd / || exit 73
    # What it writes is not only for root, as the state is.
    umask 022
    set -- "$setsid_file" "$1" "$work/script" "$2" "$3"
    port="$RUN_PORT" node="$RUN_NODE" hash="$RUN_HASH" folder="$RUN_CONTAINER$RUN_VARIABLES" path="$RUN_PATH"
    if [ -n "$RUN_VARIABLES" ] && [ -d "$folder" ]; then
        set -- "$folder"/* -- "$@"
    else
        set -- -- "$@"
    fi
    unset PWD OLDPWD SHLVL LC_ALL RUN_STATE RUN_HASH RUN_SCRIPT RUN_VARIABLES RUN_PACKAGES RUN_PORT RUN_NODE RUN_TIME_LIMIT \
        RUN_LOCK_LIMIT RUN_GRACE RUN_FORCE RUN_REMOVES RUN_STAYS RUN_ATTEMPT RUN_CONTAINER RUN_PATH
    export PATH="$path" HOME=/root LANG=C.UTF-8 PKG_SERVE_RUN_PORT="$port" STORAGE_ACCOUNT_NAME="$account"
    export PKG_SERVE_URL="${port:+http://localhost:$port}" PKG_DIR="$packages" PKG_CONTENT_HASH="$hash" PKG_NODE="$node"
    while [ "$1" != -- ]; do
        if [ -f "$1" ]; then
            # What follows the value keeps the ends of its last lines.
            set -- "$(cat "$1" && printf x)" "$@"
            export "${2##*/}=${1%x}"
            shift
        fi
        shift
    done
    shift
    exec "$@"
}

# start_killer SECONDS MARKER: after that time, all of the script's process group is asked to end, and killed later. Sets killer.
start_killer() {
    # Only numbers become part of this text.
    "$setsid_file" sh -c "
        sleep $1
        # Where nobody waits for the script any more, its number may be of another process by now.
        kill -0 $$ || exit 0
        printf yes > \"\$1\"
        kill -TERM -$script || kill -TERM $script
        waited=0
        while kill -0 -$script && [ \$waited -lt $RUN_GRACE ]; do
            sleep 1
            waited=\$((waited + 1))
        done
        kill -KILL -$script
    " run_action_killer "$2" > /dev/null 2>&1 4>&- 9>&- &
    killer=$!
}

# on_signal: the pod is told to end. The script is given RUN_GRACE seconds, once.
on_signal() {
    signals=$((signals + 1))
    if [ -n "$script" ] && [ -z "$stopper" ]; then
        start_killer 0 "$work/stopped"
        stopper="$killer"
    fi
}

wait_for_script() {
    wait_fully "$script"
    script=""
    if [ -n "$stopper" ]; then
        wait "$stopper"
        code=143
    fi
    if [ -e "$work/timed-out" ]; then
        wait "$watchdog"
        if [ -z "$stopper" ]; then
            code=124
        fi
    else
        # It may not have its own group yet.
        kill -KILL "-$watchdog" || kill -KILL "$watchdog"
        wait "$watchdog"
    fi
} 2> /dev/null

run_script() {
    interpreter="$(command -v bash || command -v sh)"
    setsid_file="$(command -v setsid)"
    start_recording
    began="$(date +%s)"
    run_clean "$interpreter" "$action" "$account" < /dev/null > "$work/pipe" 2>&1 &
    script=$!
    start_killer "$RUN_TIME_LIMIT" "$work/timed-out"
    watchdog="$killer"
    if [ "$signals" -gt 0 ]; then
        on_signal
    fi
    wait_for_script
    seconds=$(($(date +%s) - began))
    end_recording
}

reason_of() {
    case "$code" in
        0) ;;
        124)
            if [ -e "$work/timed-out" ]; then
                printf 'the script ran for more than %s seconds and was ended' "$RUN_TIME_LIMIT"
            else
                printf 'the script ended with code 124'
            fi
            ;;
        *)
            if [ -n "$stopper" ]; then
                printf 'the pod was told to end while the script ran'
            elif [ "$code" -gt 128 ]; then
                printf 'the script was ended by signal %s, or ended with code %s' "$((code - 128))" "$code"
            else
                printf 'the script ended with code %s' "$code"
            fi
            ;;
    esac
}

# remove_state: what is in the folder, then the lock, then the folder; fails where something stays. Whoever waits for the lock
# makes the folder anew, and may do that between the last two steps.
remove_state() {
    for entry in "$RUN_STATE"/* "$RUN_STATE"/.[!.]*; do
        case "$entry" in
            "$RUN_STATE/lock" | "$RUN_STATE"/lock.*) ;;
            *) rm -rf "$entry" || return 1 ;;
        esac
    done
    rm -f "$RUN_STATE/lock" || return 1
    release_lock
    rmdir "$RUN_STATE" 2> /dev/null || [ ! -d "$RUN_STATE" ] || [ -e "$RUN_STATE/lock" ] || [ -L "$RUN_STATE/lock.link" ]
}

# finish: the state on the node, then the message.
finish() {
    reason="$(reason_of)"
    if [ "$code" -ne 0 ]; then
        if ! write_state last-failure "$code" "$reason"; then
            reason="$reason; and $RUN_STATE/last-failure cannot be written: is its file system full?"
        fi
    elif [ "$RUN_REMOVES" = true ]; then
        if [ -f "$output" ]; then
            # It goes, too, and is told of afterwards.
            exec 5< "$output"
            output=/proc/self/fd/5
        fi
        if remove_state; then
            write_message 0 true "$seconds" "" "$output"
            exit 0
        fi
        code=73
        reason="the script succeeded, but $RUN_STATE cannot be removed from the node: does something else use it?"
    elif write_state "done" 0 ""; then
        rm -f "$RUN_STATE/last-failure"
    else
        code=73
        reason="the script succeeded, but $RUN_STATE/done cannot be written, so it would run again: is its file system full?"
    fi
    write_message "$code" true "$seconds" "$reason" "$output"
    rm -rf "$RUN_STATE/run"
    release_lock
    exit "$code"
}

node_side() {
    umask 077
    action="$1" account="$2" script="" stopper=""
    trap on_signal TERM INT
    check_node
    if [ "$RUN_REMOVES" = true ] && [ ! -d "$RUN_STATE" ] && [ "$RUN_FORCE" != true ]; then
        write_message 0 false 0 "" ""
        exit 0
    fi
    take_lock
    if [ "$RUN_REMOVES" != true ] && [ "$RUN_FORCE" != true ] && is_done; then
        write_message 0 false 0 "" ""
        release_lock
        exit 0
    fi
    if [ "$RUN_STAYS" = true ] && [ "$RUN_FORCE" != true ]; then
        tell_failure
    fi
    prepare_run
    if [ "$signals" -gt 0 ]; then
        rm -f "$RUN_STATE/last-failure"
        end_before_start 143 "the pod was told to end before the script was started"
    fi
    run_script
    finish
}

node_side "$@"
