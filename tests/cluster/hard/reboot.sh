#!/usr/bin/env bash
# reboot.sh: a node loses its power and starts again, first with its agent and then with one that comes late. Its pods come
# back enforced, none of them before the agent, and at no moment does anybody arrive who may not.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
node=$(node_name 1)

# It writes down what those say who get in.
server_script='exec nc -ll -p 80 -e sh -c "read who; echo \$who >/proc/1/fd/1; echo hello"'
# Nobody but this one dials port 99 of the witness.
dialler_script() { echo "while :; do for a in $(joined ' ' address_in witness); do nc -w 1 \$a 99 </dev/null; done; done"; }
address_in() { address "$2" "$1"; }
# The server may have any of the first addresses of its node after the start.
knock_script='while :; do for i in $(seq 2 30); do echo bad | nc -w 1 NETWORK.$i 80 & usleep 30000; done; wait; done'

says() { in_network "$1" timeout 2 bash -c 'exec 3<>/dev/tcp/$0/80; echo $1 >&3; read -r hello <&3; [ "$hello" = hello ]' "$(address server "${families%% *}")" "$1" 2>/dev/null; }
admits() { know server && says "$1"; }
who_got_in() { k logs server | sort -u | xargs; }
starts() { k get pod "$1" --output 'jsonpath={.status.containerStatuses[0].restartCount}'; }
is_back() { test "$(starts "$1" 2>/dev/null)" -gt "$2"; }
is_not_back() { refused is_back "$@"; }

check_all() { # WHEN
    expect "$1: the allowed one is let in" eventually 60 admits good
    know server dialler || true
    expect "$1: the other is not" shut bad server
    expect "$1: the node's pod reaches whom it may" eventually 30 reaches server witness
    expect "$1: the server heard of: $(who_got_in)" test "$(who_got_in)" = good
    same "$1: what arrived at the witness of the pod that may not" "$(counted witness forbidden)" 0
}

start_late() {
    local before
    before=$(starts server)
    mv "$(agent_file "$node")" "$work/agent-$node"
    "$here/restart-node.sh" 1
    expect "no agent: for 20 seconds the pod does not come back" holds 20 is_not_back server "$before"
    same "no agent: what arrived at the witness" "$(counted witness forbidden)" 0
    agent_back "$node"
    expect "the agent comes: the pod is back" eventually 120 is_back server "$before"
}

make_namespace
{ pod witness 2 ''; pod good 2 'role: good'; shell_pod bad 2 '' "${knock_script/NETWORK/$(pod_range 4 1 | sed 's/\.0\/24//')}"; } | apply
know witness good bad
policy server '{podSelector: {matchLabels: {name: server}}, ingress: [{from: [{podSelector: {matchLabels: {role: good}}}]}]}'
policy dialler '{podSelector: {matchLabels: {name: dialler}}, policyTypes: [Egress]}'
watch_arrivals witness forbidden "tcp dport 99"
{ shell_pod server 1 '' "$server_script"; shell_pod dialler 1 '' "$(dialler_script)"; } | apply
know server dialler
undo+=("agent_back $node")
check_all "before"
before=$(starts server)
"$here/restart-node.sh" 1
expect "the node starts: its pods are back" eventually 180 is_back server "$before"
check_all "after"
start_late
check_all "after a late agent"
k delete networkpolicy dialler >/dev/null
arrived() { test "$(counted witness forbidden)" -gt 0; }
expect "without its policy the pod arrives at the witness" eventually 20 arrived
end_tap
[ "$failed" -eq 0 ]
