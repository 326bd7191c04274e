# Copyright (c) 2026 clusterdepot developers
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Translates packages.toml into one line for each package: name, tag, sha256 or "-", path, and the path as a URL
# has it, with tabs between them. Packages of one name stand together, in the order of the file.
#
# It reads the part of TOML 1.0 that a catalogue needs: [name.tag], key = 'text' or "text", and comments. Any other
# line is an error that tells its number; then nothing else is written, and the exit code is 1.
# Run it with LC_ALL=C, so that characters are octets.

BEGIN {
    for (octet = 1; octet < 256; octet++) {
        number[sprintf("%c", octet)] = octet
        character[octet] = sprintf("%c", octet)
    }
    faults = 0
    names = 0
    table = ""
    skipping = 0
}

{
    line = $0
    if (NR == 1 && substr(line, 1, 3) == character[239] character[187] character[191])
        line = substr(line, 4)
    sub(/\r$/, "", line)
    if (is_text(line))
        read_line(line)
    else
        report(NR, "is not UTF-8, or holds a control character")
}

END {
    end_table()
    if (faults > 0)
        exit 1
    for (i = 1; i <= names; i++)
        for (j = 1; j <= tags[name_at[i]]; j++)
            write_entry(name_at[i], tag_at[name_at[i], j])
}

function report(at, what) {
    faults++
    if (faults <= 20)
        print "packages.toml line " at ": " what > "/dev/stderr"
    else if (faults == 21)
        print "packages.toml: and more" > "/dev/stderr"
}

function read_line(line) {
    rest = line
    skip_blanks()
    if (rest == "" || substr(rest, 1, 1) == "#")
        return
    if (substr(rest, 1, 1) == "[")
        read_header()
    else
        read_pair()
}

function skip_blanks() {
    sub(/^[ \t]+/, "", rest)
}

# Whether nothing but a comment is left.
function at_end() {
    skip_blanks()
    return rest == "" || substr(rest, 1, 1) == "#"
}

function read_header(    parts, part) {
    end_table()
    skipping = 1
    rest = substr(rest, 2)
    if (substr(rest, 1, 1) == "[") {
        report(NR, "a list of tables ([[...]]) is no package: write [name.tag]")
        return
    }
    parts = 0
    do {
        skip_blanks()
        if (!read_key()) {
            report(NR, "is not a table: write [name.tag], the tag in quotes where it has dots")
            return
        }
        part[++parts] = key
        skip_blanks()
        separator = substr(rest, 1, 1)
        rest = substr(rest, 2)
    } while (separator == ".")
    if (separator != "]" || !at_end()) {
        report(NR, "is not a table: write [name.tag], the tag in quotes where it has dots")
        return
    }
    start_table(parts, part)
}

function start_table(parts, part) {
    if (parts > 2) {
        report(NR, "has more parts than a name and a tag: put a tag with dots in quotes, [name.\"1.0\"]")
        return
    }
    if (!is_name(part[1]) || (parts == 2 && !is_name(part[2]))) {
        report(NR, "has a name or tag that cannot be used: 1 to 128 letters, digits and ._+~-, a letter or digit first")
        return
    }
    if (!(part[1] in tags)) {
        name_at[++names] = part[1]
        tags[part[1]] = 0
    }
    if (parts == 1) {
        skipping = 0
        if (part[1] in headed)
            report(NR, "repeats [" part[1] "], which stands in line " headed[part[1]])
        else
            headed[part[1]] = NR
        return
    }
    if ((part[1], part[2]) in at_line) {
        report(NR, "repeats the package " part[1] "/" part[2] ", which stands in line " at_line[part[1], part[2]])
        return
    }
    at_line[part[1], part[2]] = NR
    tag_at[part[1], ++tags[part[1]]] = part[2]
    table = part[1] SUBSEP part[2]
    table_line = NR
    table_faults = faults
    skipping = 0
}

# A table ends: it must have said where its file is, unless a line of it is told to be wrong anyway.
function end_table() {
    if (table != "" && !(table in path) && faults == table_faults)
        report(table_line, "this package has no path: add path = '...' below it")
    table = ""
}

function read_pair(    known) {
    if (!read_key()) {
        report(NR, "is not understood: write [name.tag], path = '...' or sha256 = '...'")
        return
    }
    known = key
    skip_blanks()
    if (substr(rest, 1, 1) == ".") {
        report(NR, "a key with dots is not understood here: write [name.tag], and path = '...' below it")
        return
    }
    if (substr(rest, 1, 1) != "=") {
        report(NR, "is not understood: write [name.tag], path = '...' or sha256 = '...'")
        return
    }
    rest = substr(rest, 2)
    skip_blanks()
    if (known != "path" && known != "sha256") {
        report(NR, "has a key that is not known; allowed: path, sha256")
        return
    }
    if (!read_quoted() || !at_end()) {
        report(NR, "is not one text in quotes: write " known " = '...'")
        return
    }
    # Below a header that is told to be wrong, nothing more is to be said.
    if (table == "" && !skipping)
        report(NR, "stands below no [name.tag]")
    if (table == "")
        return
    store(known, key)
}

function store(known, value) {
    if (known == "path") {
        if (table in path)
            report(NR, "gives the path once more")
        else if (!is_path(value))
            report(NR, "is no path: relative, at most 1024 octets, no parts that are empty, . or .., no control characters")
        path[table] = value
    } else {
        if (table in sha256)
            report(NR, "gives the sha256 once more")
        else if (length(value) != 64 || value ~ /[^0-9A-Fa-f]/)
            report(NR, "is no sha256: 64 hexadecimal digits")
        sha256[table] = tolower(value)
    }
}

# Takes a key from the rest of the line.
function read_key() {
    if (rest ~ /^['"]/)
        return read_quoted()
    if (!match(rest, /^[A-Za-z0-9_-]+/))
        return 0
    key = substr(rest, 1, RLENGTH)
    rest = substr(rest, RLENGTH + 1)
    return 1
}

# Takes a text in quotes from the rest of the line.
function read_quoted(    quote, at) {
    quote = substr(rest, 1, 1)
    if (quote == "'") {
        at = index(substr(rest, 2), "'")
        if (at == 0)
            return 0
        key = substr(rest, 2, at - 1)
        rest = substr(rest, at + 2)
        return 1
    }
    return quote == "\"" && read_escaped()
}

function read_escaped(    one, digits, code) {
    key = ""
    rest = substr(rest, 2)
    while (match(rest, /^[^"\\]*/)) {
        key = key substr(rest, 1, RLENGTH)
        one = substr(rest, RLENGTH + 1, 1)
        rest = substr(rest, RLENGTH + 2)
        if (one == "\"")
            return 1
        if (one == "")
            return 0
        one = substr(rest, 1, 1)
        rest = substr(rest, 2)
        if (one == "\"" || one == "\\")
            key = key one
        else if (one ~ /^[btnfr]$/)
            # None of them may be in any text here; one stands for all.
            key = key character[1]
        else if (one == "u" || one == "U") {
            digits = substr(rest, 1, one == "u" ? 4 : 8)
            if (length(digits) != (one == "u" ? 4 : 8) || digits ~ /[^0-9A-Fa-f]/)
                return 0
            rest = substr(rest, length(digits) + 1)
            code = from_hexadecimal(digits)
            if (code > 1114111 || (code >= 55296 && code <= 57343))
                return 0
            key = key utf8(code)
        } else
            return 0
    }
    return 0
}

function from_hexadecimal(digits,    value, i) {
    value = 0
    for (i = 1; i <= length(digits); i++)
        value = value * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
    return value
}

function utf8(code) {
    if (code == 0)
        return character[1]
    if (code < 128)
        return character[code]
    if (code < 2048)
        return character[192 + int(code / 64)] character[128 + code % 64]
    if (code < 65536)
        return character[224 + int(code / 4096)] character[128 + int(code / 64) % 64] character[128 + code % 64]
    return character[240 + int(code / 262144)] character[128 + int(code / 4096) % 64] \
        character[128 + int(code / 64) % 64] character[128 + code % 64]
}

# Whether it is UTF-8 without control characters but tabs (RFC 3629, section 4).
function is_text(text,    i, octet, low, high, follow) {
    if (text !~ /[^ -~\t]/)
        return 1
    follow = 0
    for (i = 1; i <= length(text); i++) {
        octet = number[substr(text, i, 1)]
        if (follow > 0) {
            if (octet < low || octet > high)
                return 0
            follow--
            low = 128
            high = 191
        } else if (octet >= 128) {
            if (octet < 194 || octet > 244)
                return 0
            follow = octet < 224 ? 1 : octet < 240 ? 2 : 3
            low = octet == 224 ? 160 : octet == 240 ? 144 : 128
            high = octet == 237 ? 159 : octet == 244 ? 143 : 191
        } else if ((octet < 32 && octet != 9) || octet == 127)
            return 0
    }
    return follow == 0
}

function is_name(text) {
    return length(text) <= 128 && text ~ /^[A-Za-z0-9][A-Za-z0-9._+~-]*$/
}

function is_path(text,    part, parts, i) {
    if (text == "" || length(text) > 1024)
        return 0
    for (i = 1; i <= length(text); i++)
        if (number[substr(text, i, 1)] < 32 || number[substr(text, i, 1)] == 127)
            return 0
    parts = split(text, part, "/")
    for (i = 1; i <= parts; i++)
        if (part[i] == "" || part[i] == "." || part[i] == "..")
            return 0
    return 1
}

function url_of(text,    i, one, encoded) {
    encoded = ""
    for (i = 1; i <= length(text); i++) {
        one = substr(text, i, 1)
        encoded = encoded (one == "/" || one ~ /^[A-Za-z0-9._+~-]$/ ? one : sprintf("%%%02X", number[one]))
    }
    return encoded
}

function write_entry(name, tag,    entry) {
    entry = name SUBSEP tag
    print name "\t" tag "\t" (entry in sha256 ? sha256[entry] : "-") "\t" path[entry] "\t" url_of(path[entry])
}
