#!/usr/bin/env bash
# hard.sh [CASE...]: the hard cases, all or some, on a cluster that is up and has Ringfence on two nodes. Each is a file in
# `hard`; what they find is said in one TAP. A case that stops on its way has failed.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

# In this order: what takes Ringfence off its nodes comes last.
all=(first-moment agent-killed labels probes reboot runtime api-server-away address-reuse special-pods services many existing-pods)
[ $# -gt 0 ] || set -- "${all[@]}"

count=0
failed=0

# One case's lines, numbered on and with its name; its own plan is left out.
numbered() { # CASE
    local line
    while IFS= read -r line; do
        case $line in
            "ok "*) count=$((count + 1)); echo "ok $count - $1: ${line#* - }" ;;
            "not ok "*) count=$((count + 1)) failed=$((failed + 1)); echo "not ok $count - $1: ${line#* - }" ;;
            1..*) ;;
            *) echo "# ${line#\# }" ;;
        esac
    done
}

for one in "$@"; do
    [ -e "$here/hard/$one.sh" ] || fail "there is no case $one"
done
for one in "$@"; do
    numbered "$one" < <("$here/hard/$one.sh" 2>&1 && echo "ok 0 - comes to its end" || echo "not ok 0 - comes to its end")
done
echo "1..$count"
[ "$failed" -eq 0 ]
