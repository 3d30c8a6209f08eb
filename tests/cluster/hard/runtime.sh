#!/usr/bin/env bash
# runtime.sh: the container runtime, then the kubelet, is killed and comes back. Pods keep their policy meanwhile and afterwards,
# and new ones start.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
node=$(node_name 1)

as_before() { reaches good server && shut bad server; }

check_restart() { # PROGRAM
    local before after program=$1
    before=$(pids_of "$node" "$program" | head -n 1)
    kill_of "$node" "$program"
    expect "$program is killed: policies hold for ten seconds" holds 10 as_before
    after=$(pids_of "$node" "$program" | head -n 1)
    expect "$program is another process" test "$before" != "$after"
    expect "the agent is ready" eventually 30 agent_is_ready "$node"
    { pod "good-$program" 1 'role: good'; pod "bad-$program" 1 ''; } | apply
    expect_known "new pods start" "good-$program" "bad-$program"
    expect "the allowed one is let in" reaches "good-$program" server
    expect "and its twin is not" shut "bad-$program" server
}

make_namespace
{ pod server 1 ''; pod good 2 'role: good'; pod bad 1 ''; } | apply
know server good bad
policy server '{podSelector: {matchLabels: {name: server}}, ingress: [{from: [{podSelector: {matchLabels: {role: good}}}]}]}'
expect "before" eventually 10 as_before
check_restart containerd
check_restart kubelet
end_tap
[ "$failed" -eq 0 ]
