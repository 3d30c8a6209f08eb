# shellcheck shell=bash
# What a script found, in TAP: a line for each expectation, and how many there were at the end.

count=0
failed=0

# expect WHAT COMMAND...: COMMAND is to succeed. `refused` in front of it turns that round.
expect() {
    local output line word=ok
    output=$("${@:2}" 2>&1) || word="not ok"
    count=$((count + 1))
    echo "$word $count - $1"
    [ "$word" = "not ok" ] || return 0
    failed=$((failed + 1))
    while read -r line; do echo "# $line"; done <<<"$output"
}

refused() {
    local output
    if output=$("$@" 2>&1); then
        echo "it was to fail, and said: $output"
        return 1
    fi
}

end_tap() { echo "1..$count"; }
