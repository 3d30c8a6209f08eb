#!/usr/bin/env bash
# leftovers.sh: whether down.sh leaves nothing, in TAP, after an up.sh that came to its end and after some that were killed on
# the way. It takes a cluster of its own, by CLUSTER.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$here/lib/tap.sh"

# What there is of this cluster, whatever it is; the logs are meant to stay.
leftovers() {
    find /sys/class/net -maxdepth 1 -name "$name*"
    find /run/netns -maxdepth 1 -name "$name-*" 2>/dev/null
    find /sys/fs/cgroup -maxdepth 2 \( -name "$name" -o -name "$name-*" \)
    grep -F "$state" /proc/self/mounts
    { ip route; ip -6 route; } | grep -E "dev $name( |$)"
    pgrep --full --list-full -- "$state/"
    find "$state" -mindepth 1 -not -path "$state/logs*"
}

nothing_left() {
    local found
    found=$(leftovers || true)
    [ -z "$found" ] || { echo "$found"; return 1; }
}

something_is_there() { refused nothing_left; }

# killed_when CONDITION...: up.sh is killed as soon as CONDITION holds.
killed_when() {
    local up
    "$here/up.sh" >/dev/null 2>&1 &
    up=$!
    until "$@"; do kill -0 "$up" 2>/dev/null || break; done
    kill -KILL "$up" 2>/dev/null || true
    wait "$up" 2>/dev/null || true
}

bridge_is_there() { [ -e "/sys/class/net/$name" ]; }
apiserver_logs() { [ -s "$state/logs/kube-apiserver.log" ]; }
runtime_is_there() { [ -e "$state/logs/$name-n1-containerd.log" ]; }

"$here/down.sh"
for condition in bridge_is_there apiserver_logs runtime_is_there; do
    killed_when "$condition"
    expect "killed when $condition: there is something" something_is_there
    expect "killed when $condition: down.sh" "$here/down.sh"
    expect "killed when $condition: nothing is left" nothing_left
done
expect "up.sh" "$here/up.sh"
expect "up: there is something" something_is_there
expect "down.sh" "$here/down.sh"
expect "nothing is left" nothing_left
expect "down.sh once more" "$here/down.sh"
end_tap
[ "$failed" -eq 0 ]
