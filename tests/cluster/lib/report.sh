# shellcheck shell=bash
# What a script on a cluster finds, one line a question: `ok ...` or `not ok ...`.

failed=0
tried=0

# ok WHAT COMMAND...: whether COMMAND succeeds.
ok() {
    tried=$((tried + 1))
    if "${@:2}" >/dev/null 2>&1; then
        echo "ok $1"
    else
        failed=$((failed + 1))
        echo "not ok $1"
    fi
}

# no WHAT COMMAND...: whether COMMAND fails, as its twin does not.
no() { ok "$1" not "${@:2}"; }
not() { ! "$@"; }

# soon SECONDS COMMAND...: whether COMMAND succeeds within that time.
soon() {
    local deadline=$((SECONDS + $1))
    until "${@:2}"; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.2
    done
}

# Whoever asks no question has no answer.
conclude() {
    echo "$1 tried=$tried failed=$failed"
    [ "$failed" -eq 0 ] && [ "$tried" -gt 0 ]
}
