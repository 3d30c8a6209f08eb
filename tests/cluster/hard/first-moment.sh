#!/usr/bin/env bash
# first-moment.sh: pods that dial a stranger from their first instruction on, under a policy that was there before them. Not
# one packet of theirs may arrive there, while their friend answers. HARD_PODS says how many pods.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
pods=${HARD_PODS:-200}
wave=40

# Thirty attempts five milliseconds apart, then the friend until it answers. The container's end is the friend's answer.
attempts() {
    local stranger friend
    stranger=$(joined ' ' address_in stranger) friend=$(joined ' ' address_in friend)
    echo "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do for a in $stranger; do nc -w 1 \$a 80 </dev/null & usleep 5000; done; done"
    echo "for a in $friend; do until echo | nc -w 2 \$a 80; do :; done; done"
}
address_in() { address "$2" "$1"; }

container() { printf '{name: %s, image: "%s", command: [sh, -c, %s]}' "$1" "$image" "$script"; }

dialler() { # NAME NODE
    cat <<TEXT
apiVersion: v1
kind: Pod
metadata: {name: $1, labels: {app: dialler}}
spec:
  nodeName: $(node_name "$2")
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  initContainers: [$(container first)]
  containers: [$(container one), $(container two)]
---
TEXT
}

have_ended() { [ "$(k get pods --selector app=dialler --field-selector status.phase=Succeeded --output name | wc -l)" -eq "$1" ]; }

run_wave() { # NUMBER COUNT
    local i
    for i in $(seq "$2"); do dialler "d$1-$i" $((i % nodes + 1)); done | apply
    eventually 240 have_ended "$2" || { k get pods --no-headers | awk '{ print $3 }' | sort | uniq -c; return 1; }
    k delete pods --selector app=dialler --force --grace-period=0 >/dev/null 2>&1
}

make_namespace
{ pod friend 1 ''; pod stranger 2 ''; } | apply
know friend stranger
policy quiet '{podSelector: {matchLabels: {app: dialler}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {name: friend}}}]}]}'
watch_arrivals stranger forbidden "tcp dport 80"
watch_arrivals friend allowed "tcp dport 80 tcp flags & (syn | ack) == syn"
script=$(attempts | jq --raw-input --slurp .)
began=$(milliseconds)
for round in $(seq $(((pods + wave - 1) / wave))); do
    expect "wave $round of $wave pods ends, so that each of three containers reached its friend" run_wave "$round" "$wave"
done
say "$pods pods in $((($(milliseconds) - began) / 1000)) s"
same "packets that arrived at the stranger" "$(counted stranger forbidden)" 0
expect "connections that arrived at the friend: $(counted friend allowed)" test "$(counted friend allowed)" -ge $((3 * pods))
# The same pods without the policy, or the counter would prove nothing.
k delete networkpolicy quiet >/dev/null
expect "without the policy they end as well" run_wave twin 4
expect "and arrive at the stranger: $(counted stranger forbidden)" test "$(counted stranger forbidden)" -ge 300
end_tap
[ "$failed" -eq 0 ]
