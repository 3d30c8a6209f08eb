#!/usr/bin/env bash
# agent-killed.sh: agents are killed under traffic, once and ten times. What is allowed loses nothing that it does not lose
# without a kill, nothing of what is denied arrives, and a pod that starts meanwhile waits for the agent.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Datagrams to a family's address, each two milliseconds after the one before, for so many seconds.
datagrams='exec 3<>/dev/udp/$0/80; end=$((SECONDS + $1)); while [ $SECONDS -lt $end ]; do echo x >&3; read -t 0.002 <> <(:) || :; done'
# A connection over which every number comes back before the next one goes.
numbers='exec 3<>/dev/tcp/$0/7; end=$((SECONDS + $1)); n=0
    while [ $SECONDS -lt $end ]; do n=$((n + 1)); echo $n >&3; read -r -t 5 -u 3 back && [ "$back" = $n ] || exit 1; read -t 0.002 <> <(:) || :; done; echo $n'
# New connections of one that may not.
dials_on='end=$((SECONDS + $1)); while [ $SECONDS -lt $end ]; do timeout 0.2 bash -c "exec 3<>/dev/tcp/$0/80"; done'

# traffic SECONDS COMMAND...: all of it in every family, while COMMAND runs; leaves what was lost in `lost`.
traffic() {
    local seconds=$1 family sent received which=() bad=() pid
    sent=$(counted good sent) received=$(counted server good)
    for family in $families; do
        beside good bash -c "$datagrams" "$(address server "$family")" "$seconds"
        which+=($!)
        beside good bash -c "$numbers" "$(address server "$family")" "$seconds" >"$work/numbers-$family"
        which+=($!)
        beside bad bash -c "$datagrams" "$(address server "$family")" "$seconds"
        bad+=($!)
        beside bad bash -c "$dials_on" "$(address server "$family")" "$seconds" 2>/dev/null
        bad+=($!)
    done
    "${@:2}"
    answered=true
    for pid in "${which[@]}"; do wait "$pid" || answered=false; done
    wait "${bad[@]}" || true
    sleep 0.2
    sent=$(($(counted good sent) - sent)) received=$(($(counted server good) - received))
    lost=$((sent - received))
    say "datagrams sent: $sent, received: $received; numbers that came back: $(cat "$work"/numbers-* | xargs)"
}

kill_all() { local each; for each in $(all_nodes); do kill_of "$each" ringfence-agent; done; }
kill_once() { sleep 2; kill_all; }
kill_often() { local i; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1; kill_all; done; }

judge() { # WHEN
    expect "$1: datagrams lost: $lost, and without a kill: $usual" test "$lost" -le "$usual"
    expect "$1: every number came back" "$answered"
    same "$1: what arrived of the denied one" "$(counted server bad)" 0
}

is_waiting() { test "$(k get pod "$1" --output 'jsonpath={.status.phase}')" = Pending; }

make_namespace
{ pod server 1 ''; pod good 2 'role: good'; pod bad 2 ''; } | apply
know server good bad
policy server '{podSelector: {matchLabels: {name: server}}, ingress: [{from: [{podSelector: {matchLabels: {role: good}}}]}]}'
beside server busybox nc -ll -p 7 -e cat
match() { case $1 in 4) echo "ip saddr ${address4[$2]}" ;; 6) echo "ip6 saddr ${address6[$2]}" ;; esac }
watch_sent good sent "udp dport 80"
watch_arrivals server good "udp dport 80"
in_network server nft add counter inet oracle bad
for family in $families; do in_network server nft "add rule inet oracle good $(match "$family" bad) counter name bad"; done
expect "the policy is in force" eventually 10 shut bad server
expect "the allowed one is let in" reaches good server
in_network server nft reset counters >/dev/null

traffic 5 true
usual=$lost
same "nobody is killed: what arrived of the denied one" "$(counted server bad)" 0
expect "nobody is killed: every number came back" "$answered"
traffic 6 kill_once
judge "a kill"
traffic 13 kill_often
judge "ten kills"
expect "agents are ready again" agents_ready

# Without an agent nobody starts, and what runs stays as it is.
first=$(node_name 1)
agent_away "$first"
undo+=("agent_back $first")
{ pod late 1 'role: good'; pod later 1 ''; } | apply
traffic 6 true
judge "no agent"
expect "a new pod waits for the agent" is_waiting late
agent_back "$first"
expect_known "it starts when the agent is back" late later
expect "and is let in" reaches late server
expect "and its twin is not" shut later server
# What is asked of an agent that is away is done when it is back.
agent_away "$first"
k label pod bad role=good >/dev/null
k label pod good role- >/dev/null
sleep 1
agent_back "$first"
expect "a change is made good: denied" eventually 15 shut good server
expect "a change is made good: allowed" eventually 15 reaches bad server
expect "the one that was denied is counted where it arrives: $(counted server bad)" test "$(counted server bad)" -gt 0
end_tap
[ "$failed" -eq 0 ]
