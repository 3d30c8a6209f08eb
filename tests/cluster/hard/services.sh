#!/usr/bin/env bash
# services.sh: every kind of Service, under a policy that allows and one that denies, with kube-proxy's two modes. Policies are
# judged on the pod behind a Service and on its own port (ruling N13), and a NodePort hides nobody (ruling N35).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

both=SingleStack
[ "$families" = "$first_family" ] || both=RequireDualStack

service() { # NAME SPEC
    printf '{apiVersion: v1, kind: Service, metadata: {name: %s}, spec: {selector: {app: web}, ipFamilyPolicy: %s, %s}}\n---\n' "$1" "$both" "$2"
}

web() { pod "$1" "$2" 'app: web' "netexec, --http-port=80" | sed 's|\(image: [^,]*\), |\1, ports: [{name: web, containerPort: 80}, {name: more, containerPort: 8081}], |'; }

of_service() { k get service "$1" --output "jsonpath={.spec.clusterIPs[*]}"; }
node_port() { k get service "$1" --output 'jsonpath={.spec.ports[0].nodePort}'; }

# each_address COMMAND POD PORT ADDRESS...
each_address() { local to; for to in "${@:4}"; do "$1" "$2" "$to" "$3" || { echo "$1 $2 $to $3"; return 1; }; done; }
is_open() { dials "$1" "$2" "$3"; }
is_shut() { if patience=1 dials "$@"; then return 1; fi; }

from_outside() { timeout 2 bash -c "$dial" "$2" "$3" 2>/dev/null; }
not_from_outside() { refused from_outside "$@"; }

all_nodes_addresses() { local family which; for family in $families; do for which in $(seq "$nodes"); do node_address "$family" "$which"; done; done; }

# A proxy with externalTrafficPolicy Local keeps the source. It keeps that of a pod of another node too, whose answer may then
# take another way and arrive from nowhere; so pods ask their own node.
judge() { # WHEN POD COMMAND
    local when=$1 who=$2 how=$3
    # shellcheck disable=SC2046 # addresses are words
    {
        expect "$when: ClusterIP" eventually 10 each_address "$how" "$who" 8080 $(of_service plain)
        expect "$when: the second of several ports" each_address "$how" "$who" 8082 $(of_service several)
        expect "$when: a port of a name" each_address "$how" "$who" 8080 $(of_service named)
        expect "$when: only those on the own node" each_address "$how" "$who" 8080 $(of_service local)
        expect "$when: headless" each_address "$how" "$who" 80 "$(address web-1 "$first_family")" "$(address web-2 "$first_family")"
        expect "$when: NodePort of the own node" each_address "$how" "$who" "$(node_port kept)" $(joined ' ' node_address 2)
    }
}

# A NodePort whose proxy may choose a pod of another node comes there from the first node's address, and that is who is judged.
judge_rewritten() { # MODE
    # shellcheck disable=SC2046 # addresses are words
    {
        expect "$1, not allowed: a NodePort that rewrites" each_address is_shut bad "$(node_port node)" $(all_nodes_addresses)
        policy nodes "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [$(joined ', ' node_block)]}]}"
        expect "$1, nodes allowed: a NodePort that rewrites" eventually 10 each_address is_open good "$(node_port node)" $(all_nodes_addresses)
        expect "$1, nodes allowed: ClusterIP is as it was" each_address is_shut bad 8080 $(of_service plain)
        k delete networkpolicy nodes >/dev/null
    }
}
node_block() { printf '{ipBlock: {cidr: "%s"}}' "$(node_range "$1")"; }

allow() { policy web "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {role: good}}}], ports: [$1]}]}"; }

set_proxy() { # MODE
    local each file
    for each in $(seq "$nodes"); do
        file=$(node_folder "$(node_name "$each")")/services/kube-proxy
        sed "s/--proxy-mode [a-z]*/--proxy-mode $1/" "$file" >"$work/kube-proxy"
        kill_of "$(node_name "$each")" kube-proxy
        "$here/on-node.sh" "$each" "$bin/kube-proxy" --cleanup >/dev/null 2>&1 || true
        add_service "$(node_name "$each")" kube-proxy <"$work/kube-proxy"
        kill_of "$(node_name "$each")" kube-proxy
    done
}

check_all() { # MODE
    local ports='{port: 80}'
    k delete networkpolicies --all >/dev/null
    judge "$1, no policy" bad is_open
    # shellcheck disable=SC2046 # addresses are words
    expect "$1, no policy: NodePort from outside" eventually 10 each_address from_outside x "$(node_port node)" $(all_nodes_addresses)
    allow "$ports"
    judge "$1, allowed" good is_open
    judge "$1, not allowed" bad is_shut
    # shellcheck disable=SC2046
    expect "$1, not allowed: NodePort from outside" each_address not_from_outside x "$(node_port node)" $(all_nodes_addresses)
    judge_rewritten "$1"
    allow '{port: web}'
    judge "$1, allowed by the port's name" good is_open
    judge "$1, by the name, not allowed" bad is_shut
    allow '{port: 8080}'
    judge "$1, the Service's port means nothing" good is_shut
    # What a pod sends, by the pods behind.
    k delete networkpolicies --all >/dev/null
    policy sends '{podSelector: {matchLabels: {name: good}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 80}]}]}'
    policy silent '{podSelector: {matchLabels: {name: bad}}, policyTypes: [Egress]}'
    sends "$1"
}

sends() {
    # shellcheck disable=SC2046
    {
        expect "$1, egress to the pods behind: ClusterIP" eventually 10 each_address is_open good 8080 $(of_service plain)
        expect "$1, egress to the pods behind: a port of a name" each_address is_open good 8080 $(of_service named)
        expect "$1, no egress: ClusterIP" eventually 10 each_address is_shut bad 8080 $(of_service plain)
        expect "$1, no egress: NodePort" each_address is_shut bad "$(node_port node)" $(all_nodes_addresses)
    }
}

make_namespace
{
    web web-1 1
    web web-2 2
    pod good 2 'role: good'
    pod bad 2 ''
    service plain 'ports: [{port: 8080, targetPort: 80}]'
    service several 'ports: [{name: a, port: 8081, targetPort: 8081}, {name: b, port: 8082, targetPort: 80}]'
    service named 'ports: [{port: 8080, targetPort: web}]'
    service local 'internalTrafficPolicy: Local, ports: [{port: 8080, targetPort: 80}]'
    service headless 'clusterIP: None, ports: [{port: 80}]'
    service kept 'type: NodePort, externalTrafficPolicy: Local, ports: [{port: 8080, targetPort: 80}]'
    service node 'type: NodePort, ports: [{port: 8080, targetPort: 80}]'
} | apply
know web-1 web-2 good bad
headless() { k exec good -- nslookup "headless.$namespace.svc.cluster.local" | sed -n 's/^Address: *\([0-9a-f.:]*\)$/\1/p' | sort | xargs; }
expect "headless names the pods behind" test "$(headless)" = "$(for which in 1 2; do echo "${address4[web-$which]:-} ${address6[web-$which]:-}"; done | xargs -n 1 | sort | xargs)"
check_all "$proxy"
other=iptables
[ "$proxy" != iptables ] || other=nftables
undo+=("set_proxy $proxy")
set_proxy "$other"
check_all "$other"
end_tap
[ "$failed" -eq 0 ]
