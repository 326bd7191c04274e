# shellcheck shell=sh
# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What run_action.sh and run_on_node.sh share: the termination message, which is open as descriptor 4, and waiting for children.

set -u

LC_ALL=C
signals=0

# json_text LIMIT: standard input as the inside of a JSON string. What is no UTF-8, and control characters, become U+FFFD.
# Gives 1, and nothing, where that has more octets than LIMIT.
json_text() {
    encoded=""
    size=0
    open=0
    for octet in $(od -An -v -to1); do
        if [ "$open" -gt 0 ] && [ "$octet" -ge "$low" ] && [ "$octet" -le "$high" ]; then
            sequence="$sequence\\0$octet"
            low=200 high=277
            open=$((open - 1))
            if [ "$open" -eq 0 ]; then
                encoded="$encoded$sequence"
                size=$((size + 4))
            fi
            continue
        fi
        if [ "$open" -gt 0 ]; then
            encoded="$encoded\\0357\\0277\\0275"
            size=$((size + 3))
            open=0
        fi
        # Lead octets and what may follow them: RFC 3629, section 4.
        low=200 high=277
        sequence="\\0$octet"
        case "$octet" in
            011) encoded="$encoded\\0134t" size=$((size + 2)) ;;
            012) encoded="$encoded\\0134n" size=$((size + 2)) ;;
            015) encoded="$encoded\\0134r" size=$((size + 2)) ;;
            042 | 134) encoded="$encoded\\0134\\0$octet" size=$((size + 2)) ;;
            04? | 05? | 06? | 07? | 10? | 11? | 12? | 13? | 14? | 15? | 16? | 17[0-6])
                encoded="$encoded\\0$octet"
                size=$((size + 1))
                ;;
            30[2-7] | 31? | 32? | 33?) open=1 ;;
            340) open=2 low=240 ;;
            355) open=2 high=237 ;;
            34? | 35?) open=2 ;;
            360) open=3 low=220 ;;
            364) open=3 high=217 ;;
            36[1-3]) open=3 ;;
            *)
                encoded="$encoded\\0357\\0277\\0275"
                size=$((size + 3))
                ;;
        esac
    done
    if [ "$open" -gt 0 ]; then
        encoded="$encoded\\0357\\0277\\0275"
        size=$((size + 3))
    fi
    if [ "$size" -gt "$1" ]; then
        return 1
    fi
    printf '%b' "$encoded"
}

# write_message CODE CHANGED SECONDS REASON OUTPUT_FILE: to descriptor 4. OUTPUT_FILE may be empty.
write_message() {
    told="$(printf '%s' "$4" | head -c 600 | json_text 1000 || printf 'the reason cannot be told')"
    tail_text=""
    if [ -n "$5" ] && [ -f "$5" ]; then
        for octets in 2800 900; do
            if tail_text="$(tail -c "$octets" "$5" | json_text 2900)"; then
                break
            fi
        done
    fi
    printf '{"hash":"%s","code":%s,"changed":%s,"seconds":%s,"reason":"%s","output":"%s"}\n' \
        "$RUN_HASH" "$1" "$2" "$3" "$told" "$tail_text" >&4
}

# give_up CODE REASON: ends before the script was started.
give_up() {
    printf '%s\n' "$2" >&2
    write_message "$1" false 0 "$2" ""
    exit "$1"
}

# wait_fully PID: sets code to that of a child. A signal, which a trap counts in signals, ends only one waiting.
wait_fully() {
    code=""
    before=""
    while [ "$signals" != "$before" ]; do
        before="$signals"
        ended=0
        wait "$1" || ended=$?
        # 127 from the second time on: it was waited for already.
        if [ -z "$code" ] || [ "$ended" -ne 127 ]; then
            code="$ended"
        fi
    done
}
