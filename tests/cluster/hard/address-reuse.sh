#!/usr/bin/env bash
# address-reuse.sh: the address of a pod that may is given to one that may not, at once. The newcomer knocks from its first
# instruction and never arrives; nor does one that has the address of a completed or an evicted pod, whose objects stay.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
rounds=${HARD_ROUNDS:-10}
family=$first_family

# The next pod of the node gets the lowest address that is free, instead of the one after the last.
forget_last_address() { rm -f "$(node_folder "$(node_name 1)")/var-lib/cni/networks/$name"/last_reserved_ip.*; }

# knocker NAME LABELS [HOW LONG]: dials the server for ever, or so.
knocker() { shell_pod "$1" 1 "$2" "${3:-while :; do :}; for a in $(joined ' ' address_in server); do echo | nc -w 1 \$a 80; done; done"; }
address_in() { address "$2" "$1"; }

object_address() { k get pod "$1" --output 'jsonpath={.status.podIP}'; }
is_gone() { refused network_of "$(node_name 1)" "$1"; }
has_phase() { test "$(k get pod "$1" --output 'jsonpath={.status.phase}')" = "$2"; }
arrived() { test "$(counted server bad)" -gt "$1"; }

# newcomer NAME OLD_ADDRESS: a pod that may not, which is to get that address.
newcomer() {
    forget_last_address
    knocker "$1" '' | apply
    know "$1"
    test "$(address "$1" "$family")" = "$2" || { echo "it has $(address "$1" "$family"), not $2"; return 1; }
}

# What arrived from an address since the last look.
watch_address() {
    in_network server nft reset counters >/dev/null
    in_network server nft flush chain inet oracle bad
    in_network server nft add rule inet oracle bad "$(case $1 in *:*) echo ip6 ;; *) echo ip ;; esac)" saddr "$1" tcp dport 80 counter name bad
}

check_newcomer() { # NAME OLD_ADDRESS WHAT
    expect "$3: $2 is free" eventually 60 is_gone "$2"
    watch_address "$2"
    expect "$3: another pod gets its address $2" newcomer "$1" "$2"
    sleep 1
    same "$3: what arrived of it" "$(counted server bad)" 0
    k delete pod "$1" >/dev/null
    eventually 60 is_gone "$2" >/dev/null || true
}

# Waits for a pod that may, and sees that it does.
old_pod() { # NAME
    knocker "$1" 'role: good' | apply
    know "$1"
    old=$(address "$1" "$family")
    watch_address "$old"
    expect "$1 at $old is let in" eventually 10 arrived 0
}

make_namespace
pod server 2 '' | apply
know server
policy server '{podSelector: {matchLabels: {name: server}}, ingress: [{from: [{podSelector: {matchLabels: {role: good}}}]}]}'
watch_arrivals server bad "tcp dport 80"
for round in $(seq "$rounds"); do
    forget_last_address
    old_pod "good-$round"
    k delete pod "good-$round" >/dev/null
    check_newcomer "bad-$round" "$old" "deleted, $round"
done

# It ends by itself, and its object stays.
forget_last_address
knocker completed 'role: good' 'for i in 1 2 3 4 5; do sleep 1' | sed 's/^spec:/&\n  restartPolicy: Never/' | apply
know completed
old=$(address completed "$family")
watch_address "$old"
expect "completed at $old is let in" eventually 10 arrived 0
expect "it completes" eventually 30 has_phase completed Succeeded
expect "its object still says $old" test "$(object_address completed)" = "$old"
check_newcomer after-completed "$old" completed

# It writes more than it may, and is evicted by the kubelet.
forget_last_address
knocker evicted 'role: good' |
    sed 's|^spec:|&\n  volumes: [{name: small, emptyDir: {sizeLimit: 1Mi}}]|; s|\(image: [^,]*\), |\1, volumeMounts: [{name: small, mountPath: /small}], |' | apply
know evicted
old=$(address evicted "$family")
watch_address "$old"
expect "evicted at $old is let in" eventually 10 arrived 0
k exec evicted -- dd if=/dev/zero of=/small/file bs=1M count=8 2>/dev/null
if eventually 60 has_phase evicted Failed; then
    expect "it is evicted" test "$(k get pod evicted --output 'jsonpath={.status.reason}')" = Evicted
    expect "its object still says $old" test "$(object_address evicted)" = "$old"
    check_newcomer after-evicted "$old" evicted
else
    skipped "an evicted pod's address" "the kubelet evicted nobody"
fi
skipped "an address that moves to another node" "each node gives away addresses of its own range"

# Its object is taken away while it runs: nobody knows it any more, and it is nobody.
forget_last_address
old_pod forced
k delete pod forced --force --grace-period=0 >/dev/null 2>&1
is_silent() { local before; before=$(counted server bad); sleep 1; [ "$(counted server bad)" -eq "$before" ]; }
expect "an object that is taken away: its pod is silenced" eventually 5 is_silent
check_newcomer after-forced "$old" "taken away"

# The twin: one that may, at an address that others had.
forget_last_address
old_pod good-last
end_tap
[ "$failed" -eq 0 ]
