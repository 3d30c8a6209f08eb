#!/usr/bin/env bash
# existing-pods.sh: Ringfence leaves a cluster in which pods talk, comes back, and their connections do not notice. Then policies
# hold for pods that were there before. After it left nothing of it is on the nodes, and pods start as before.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

programs=$state/ringfence

# A connection over which every number comes back before the next one goes, until a file says that it is enough.
numbers='exec 3<>/dev/tcp/$0/7; n=0
    until [ -e "$1" ]; do n=$((n + 1)); echo $n >&3; read -r -t 5 -u 3 back && [ "$back" = $n ] || exit 1; read -t 0.01 <> <(:) || :; done; echo $n'

has_agent() { [ -n "$(pids_of "$1" ringfence-agent)" ]; }
has_no_agent() { ! has_agent "$1"; }

uninstall() {
    local which node
    for which in $(seq "$nodes"); do
        node=$(node_name "$which")
        remove_service "$node" ringfence-agent
        eventually 20 has_no_agent "$node" || return 1
        "$here/on-node.sh" "$which" "$programs/ringfence-agent" uninstall --node "$node" || return 1
    done
}

# What is ours on a node, one a line.
left_over() {
    local which
    for which in $(seq "$nodes"); do
        "$here/on-node.sh" "$which" bash -c 'find /sys/fs/bpf/ringfence /run/ringfence /opt/cni/bin/ringfence-cni 2>/dev/null
            grep --files-with-matches --recursive ringfence /etc/cni/net.d
            for link in $(ip --brief link | cut -d" " -f1 | cut -d@ -f1); do bpftool net show dev "$link" 2>/dev/null | grep ringfence; done
            true'
    done
}

nothing_left() {
    local left
    left=$(left_over)
    echo "$left"
    [ -z "$left" ]
}

talk() { beside good bash -c "$numbers" "$(address server "$1")" "$work/enough" >"$work/numbers-$1"; talking+=($!); }
talks_still() { local pid; for pid in "${talking[@]}"; do kill -0 "$pid" || return 1; done; }
end_talk() {
    local pid
    touch "$work/enough"
    for pid in "${talking[@]}"; do wait "$pid" || return 1; done
}

make_namespace
policy server '{podSelector: {matchLabels: {name: server}}, ingress: [{from: [{podSelector: {matchLabels: {role: good}}}]}]}'
{ pod server 1 ''; pod good 2 'role: good'; pod bad 2 ''; } | apply
know server good bad
expect "with Ringfence: the policy holds" eventually 10 shut bad server
expect "with Ringfence: the allowed one is let in" reaches good server
rm -f "$work/enough"
talking=()
beside server busybox nc -ll -p 7 -e cat
sleep 0.5
for family in $families; do talk "$family"; done
expect "it is taken off every node" uninstall
undo+=('has_agent "$(node_name 1)" || "$here/ringfence.sh" "$programs" >/dev/null')
expect "nothing of it is left" nothing_left
expect "without Ringfence: connections go on" talks_still
expect "without Ringfence: nobody is kept out" reaches bad server
pod new 1 '' | apply
expect_known "without Ringfence: pods start" new
expect "without Ringfence: they reach others" reaches new server
# Opened while nobody looked; one that is allowed and one that is not.
expect "it comes back" "$here/ringfence.sh" "$programs"
expect "agents are ready" agents_ready
expect "pods that were there before: connections go on" talks_still
expect "pods that were there before: the policy holds" eventually 10 shut bad server
expect "pods that were there before: also for the one of the time between" shut new server
expect "pods that were there before: the allowed one is let in" reaches good server
k label pod new role=good >/dev/null
expect "pods that were there before: labels count" eventually 10 reaches new server
sleep 2
if end_talk; then word=true; else word=false; fi
expect "every number came back: $(cat "$work"/numbers-* | xargs)" "$word"
end_tap
[ "$failed" -eq 0 ]
