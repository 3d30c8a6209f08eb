#!/usr/bin/env bash
# many.sh: 12,500 rules about one pod, and 3,000 policies that are made and changed about 50 a second. Afterwards verdicts are
# right, also where the rules are more than any table holds; how long it took and what the agent held is told. HARD_RULES and HARD_POLICIES say how many.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
rules=${HARD_RULES:-12500}
policies=${HARD_POLICIES:-3000}
# One object may have a megabyte and a half.
each=500
# KiB. What holds more would take the machine from everybody else, so it is ended, and that is a failure.
most=$((4 * 1024 * 1024))
node=$(node_name 1)

# Rules that open a port each to an address of the outside, five hundred to a policy; the last one names our pod.
ruled() { # HOW_MANY_PORTS
    local which i n
    for which in $(seq 0 $((rules / each - 1))); do
        printf '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: rules-%d}, spec: {podSelector: {matchLabels: {name: server}}, ingress: [' "$which"
        for i in $(seq "$each"); do
            n=$((which * each + i))
            printf '{from: [{ipBlock: {cidr: 172.%d.%d.%d/32}}], ports: [{port: %d}]},' $((16 + n / 65536)) $((n / 256 % 256)) $((n % 256)) $((1024 + n % $1))
        done
        if [ "$which" -eq $((rules / each - 1)) ]; then printf '{from: [{podSelector: {matchLabels: {role: good}}}], ports: [{port: 80}]}'; fi
        printf ']}}\n---\n'
    done
}

# Each isolates a group that nobody is in, but the last one, which is about our pod.
small() { # ROLE
    local i who
    for i in $(seq "$policies"); do
        who="group: g$((i % 100))"
        [ "$i" -lt "$policies" ] || who='name: target'
        printf '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: small-%d}, spec: {podSelector: {matchLabels: {%s}}, ingress: [{from: [{podSelector: {matchLabels: {role: %s}}}], ports: [{port: 80}]}]}}\n---\n' "$i" "$who" "$1"
    done
}

# timed WHAT COMMAND...: and how long until COMMAND succeeds.
timed() {
    local began
    began=$(milliseconds)
    expect "$1" within_memory 120 "${@:2}"
    say "$1: $(($(milliseconds) - began)) ms"
}

# within_memory SECONDS COMMAND...: tries COMMAND until it succeeds, or until the agent holds too much.
within_memory() {
    local deadline=$((SECONDS + $1)) held
    until "${@:2}" >/dev/null; do
        held=$(agent_memory "$node")
        if [ "$held" -gt "$most" ]; then
            echo "the agent holds $held KiB"
            k delete networkpolicies --all >/dev/null
            kill_of "$node" ringfence-agent
            return 1
        fi
        [ "$SECONDS" -lt "$deadline" ] || { echo "not after $1 s; the agent holds $held KiB"; return 1; }
        sleep 0.2
    done
}

memory() { say "the agent holds $(agent_memory "$node") KiB $1"; }

only_good() { reaches good "$1" && shut bad "$1"; }
only_bad() { reaches bad "$1" && shut good "$1"; }

make_namespace
{ pod server 1 ''; pod target 1 ''; pod good 2 'role: good'; pod bad 2 'role: bad'; } | apply
know server target good bad
memory "before"
check_rules() { # WHAT PORTS
    local began
    ruled "$2" >"$work/ruled.yaml"
    began=$(milliseconds)
    apply <"$work/ruled.yaml"
    say "$1: kubectl took $(($(milliseconds) - began)) ms"
    timed "$1: they hold" only_good server
    expect "$1: agents are ready" agents_ready
    memory "with $1"
    k delete networkpolicies --all >/dev/null
    timed "$1: without them all are let in" reaches bad server
}

check_rules "$rules rules, ten ports" 10

small good >"$work/small.yaml"
began=$(milliseconds)
k create --filename - <"$work/small.yaml" >/dev/null
say "$policies policies: kubectl took $(($(milliseconds) - began)) ms"
timed "$policies policies: the last one holds" only_good target
memory "with $policies policies"
small bad >"$work/small.yaml"
began=$(milliseconds)
k replace --filename - <"$work/small.yaml" >/dev/null
say "$policies changes: kubectl took $(($(milliseconds) - began)) ms"
timed "$policies changes: the last one holds" only_bad target
expect "agents are ready" agents_ready
memory "after $policies changes"
k delete networkpolicies --all >/dev/null
timed "without them all are let in again" reaches good target
memory "afterwards"
# The worst there is: as many ports as peers, none of them with another. No table has so many cells, so what was in force
# stays, which is said, and policies about others come into force beside it.
not_programmed() { [ "$(agent_answers "$node" /metrics | awk '$1 == "ringfence_agent_not_programmed" { print $2 > 0 }')" = "$1" ]; }
ruled 50000 >"$work/ruled.yaml"
apply <"$work/ruled.yaml"
timed "$rules rules, each with a port of its own: they are not programmed, and that is said" not_programmed 1
expect "what was in force still is" reaches bad server
small good | tail --lines 2 | apply
timed "a policy about another pod holds" only_good target
memory "with rules that are not programmed"
k delete networkpolicies --all >/dev/null
timed "without them everything is programmed" not_programmed 0
expect "all are let in again" reaches bad target
end_tap
[ "$failed" -eq 0 ]
