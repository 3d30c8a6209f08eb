#!/usr/bin/env bash
# labels.sh: a label of a pod, then one of a namespace, comes and goes, and verdicts follow. How long that took from kubectl's
# start to the first packet that obeys is told and not judged.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
other=$namespace-other

# A datagram each millisecond, for as long as this case runs.
stream='exec 3<>/dev/udp/$0/80; while :; do echo x >&3; read -t 0.001 <> <(:) || :; done'

# arrives: something arrived at the server that had not a moment ago.
arrives() {
    local before
    before=$(counted server any)
    sleep 0.05
    [ "$(counted server any)" -gt "$before" ]
}

# Nothing arrives for so long that two hundred datagrams would have.
is_silent() {
    local before
    before=$(counted server any)
    sleep 0.2
    [ "$(counted server any)" -eq "$before" ]
}

# until_silent: when the last packet arrived, in milliseconds; the look at a counter takes a few.
until_silent() {
    local last=-1 now since=0
    while :; do
        now=$(counted server any)
        if [ "$now" != "$last" ]; then last=$now since=$(milliseconds); fi
        if [ $(($(milliseconds) - since)) -gt 300 ]; then break; fi
    done
    silent_since=$since
}

until_arrival() {
    local before deadline=$((SECONDS + 10))
    before=$(counted server any)
    until [ "$(counted server any)" -gt "$before" ]; do [ "$SECONDS" -lt "$deadline" ] || return 1; done
}

opens() { # WHAT KUBECTL...
    local began done
    is_silent || { echo "it is open already"; return 1; }
    began=$(milliseconds)
    kubectl "${@:2}" >/dev/null
    done=$(milliseconds)
    until_arrival || return 1
    say "$1: $(($(milliseconds) - began)) ms after kubectl's start, which took $((done - began)) ms, the first packet arrives" >&3
}

closes() {
    local began done
    arrives || { echo "it is shut already"; return 1; }
    began=$(milliseconds)
    kubectl "${@:2}" >/dev/null
    done=$(milliseconds)
    until_silent
    [ $((silent_since - began)) -lt 10000 ] || return 1
    say "$1: $((silent_since - began)) ms after kubectl's start, which took $((done - began)) ms, the last packet arrived" >&3
}

make_namespace
make_namespace "$other"
{ pod server 1 ''; } | apply
pod client 2 '' | kubectl --namespace "$other" apply --filename - >/dev/null
know server
namespace=$other know client
policy server '{podSelector: {matchLabels: {name: server}}, ingress: [{from: [
    {namespaceSelector: {matchLabels: {"kubernetes.io/metadata.name": "'"$other"'"}}, podSelector: {matchLabels: {role: good}}},
    {namespaceSelector: {matchLabels: {role: good}}}]}]}'
expect "nobody has the label" eventually 10 shut client server
watch_arrivals server any "udp dport 80"
exec 3>&1
for family in $families; do
    beside client bash -c "$stream" "$(address server "$family")" 3>&-
    streaming=$!
    for i in 1 2 3; do
        expect "family $family, $i: a label on the pod opens" opens "pod, on" --namespace "$other" label pod client role=good
        expect "family $family, $i: without it it is shut" closes "pod, off" --namespace "$other" label pod client role-
        expect "family $family, $i: a label on the namespace opens" opens "namespace, on" label namespace "$other" role=good
        expect "family $family, $i: without it it is shut" closes "namespace, off" label namespace "$other" role-
    done
    kill "$streaming"
done
end_tap
[ "$failed" -eq 0 ]
