# shellcheck shell=bash
# What the hard cases share: pods on chosen nodes, questions that are asked from inside of a pod's network without the API
# server, oracles that count what arrives there, and the agent's life.

. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
for part in process cgroups network keys control_plane node tap; do
    . "$here/lib/$part.sh"
done
case_name=$(basename "$0" .sh)
namespace=hard-$case_name
image=$(<"$bin/images/agnhost.name")
work=$state/hard/$case_name
mkdir -p "$work"
# What a case changed for longer than itself is undone by words that are added here.
undo=()

k() { kubectl --namespace "$namespace" "$@"; }

finish() {
    local status=$? one
    for one in "${undo[@]}"; do eval "$one"; done
    # shellcheck disable=SC2046 # these are PIDs
    kill $(jobs -p) 2>/dev/null || true
    kubectl delete namespace --selector "hard=$case_name" --force --grace-period=0 >/dev/null 2>&1 || true
    exit $status
}
trap finish EXIT

# make_namespace [NAME [LABEL...]]
make_namespace() {
    local made=${1:-$namespace}
    # It may be on its way out, of a run before.
    eventually 60 kubectl create namespace "$made"
    kubectl label namespace "$made" "hard=$case_name" "${@:2}" >/dev/null
    until kubectl --namespace "$made" get serviceaccount default >/dev/null 2>&1; do sleep 0.1; done
}

# skipped WHAT WHY: in TAP's own word for it.
skipped() {
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}

say() { echo "# $*"; }

milliseconds() { echo $(($(date +%s%N) / 1000000)); }

# eventually SECONDS COMMAND...: tries COMMAND until it succeeds.
eventually() {
    local deadline=$((SECONDS + $1)) said
    until said=$("${@:2}" 2>&1); do
        [ "$SECONDS" -lt "$deadline" ] || { echo "$said"; return 1; }
        sleep 0.2
    done
}

# holds SECONDS COMMAND...: COMMAND succeeds again and again, for that long.
holds() {
    local deadline=$((SECONDS + $1))
    while [ "$SECONDS" -lt "$deadline" ]; do "${@:2}" || return 1; done
}

# --- pods -------------------------------------------------------------------------------------

# pod NAME NODE LABELS [ARGUMENTS]: a manifest of a pod whose container runs agnhost with ARGUMENTS, words of YAML.
pod() { pod_that "$1" "$2" "$3" "args: [${4:-netexec, --http-port=80, --udp-port=80}]"; }

# shell_pod NAME NODE LABELS SCRIPT: the same of one that runs a script.
shell_pod() { pod_that "$1" "$2" "$3" "command: [sh, -c, $(jq --raw-input --slurp . <<<"$4")]"; }

pod_that() { # NAME NODE LABELS WHAT
    cat <<TEXT
apiVersion: v1
kind: Pod
metadata: {name: "$1", labels: {name: "$1"${3:+, $3}}}
spec:
  nodeName: $(node_name "$2")
  terminationGracePeriodSeconds: 0
  containers: [{name: one, image: "$image", $4}]
---
TEXT
}

apply() { k apply --filename - >/dev/null; }

# policy NAME SPEC: in JSON of YAML's kind, so that a case says a policy in one line.
policy() { printf '{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: %s}, spec: %s}\n' "$1" "$2" | apply; }

declare -A network=() address4=() address6=() place=()

# The network namespace on NODE that has ADDRESS, as this machine can open it.
network_of() { # NODE ADDRESS
    local root file
    # As the node's first process sees its files.
    root=/proc/$(node_init "$1")/root
    for file in "$root"/run/netns/*; do
        if [[ $(nsenter --net="$file" ip --oneline address 2>/dev/null) == *" $2/"* ]]; then
            echo "$file"
            return 0
        fi
    done
    return 1
}

# know POD...: waits until they are ready, and learns where they are.
know() {
    local one found
    for one in "$@"; do
        # The mirror of a pod of a file comes when its kubelet finds the time.
        eventually 60 k get pod "$one" >/dev/null || return 1
        k wait --for=condition=Ready "pod/$one" --timeout=120s >/dev/null || return 1
        found=$(k get pod "$one" --output 'jsonpath={.spec.nodeName} {.status.podIPs[*].ip}')
        learn "$one" "${found%% *}" "${found#* }"
    done
}

# expect_known WHAT POD...: they get ready, and from then on one may ask for them.
expect_known() {
    expect "$1" know "${@:2}"
    know "${@:2}" >/dev/null 2>&1 || true
}

learn() { # POD NODE ADDRESSES
    local each
    place[$1]=$2
    for each in $3; do
        case $each in *:*) address6[$1]=$each ;; *) address4[$1]=$each ;; esac
    done
    network[$1]=$(network_of "$2" "${3%% *}")
}

address() { case $2 in 4) echo "${address4[$1]:-}" ;; 6) echo "${address6[$1]:-}" ;; esac }

# in_network POD COMMAND...: a program of this machine in a pod's network; it asks no API server.
in_network() { nsenter --net="${network[$1]}" "${@:2}"; }

# beside POD COMMAND...: the same at the same time, as `$!`, and as one process, so that it ends with this script.
beside() { (exec nsenter --net="${network[$1]}" "${@:2}") & }

dial='exec 3<>/dev/tcp/$0/$1'

# dials POD ADDRESS PORT: whether a connection opens.
dials() { in_network "$1" timeout "${patience:-2}" bash -c "$dial" "$2" "$3" 2>/dev/null; }

# reaches POD PEER [PORT]: in every family.
reaches() {
    local family
    for family in $families; do
        dials "$1" "$(address "$2" "$family")" "${3:-80}" || { echo "no way from $1 to $2 in family $family"; return 1; }
    done
}

# shut POD PEER [PORT]: in every family.
shut() {
    local family to
    for family in $families; do
        to=$(address "$2" "$family")
        # A question to nobody would be answered as it is to be.
        [ -n "$to" ] && [ -n "${network[$1]:-}" ] || { echo "it is not known where $1 and $2 are"; return 1; }
        if patience=1 dials "$1" "$to" "${3:-80}"; then
            echo "$1 reaches $2 in family $family"
            return 1
        fi
    done
}

# --- oracles ----------------------------------------------------------------------------------

# watch_arrivals POD NAME MATCH: counts what arrives in a pod's network, after every policy.
watch_arrivals() { add_counter "$1" "$2" input "$3"; }
# watch_sent POD NAME MATCH: counts what leaves it, before every policy.
watch_sent() { add_counter "$1" "$2" output "$3"; }

add_counter() {
    in_network "$1" nft -f - <<TEXT
table inet oracle {
    counter $2 { }
    chain $2 { type filter hook $3 priority -300; $4 counter name $2; }
}
TEXT
}

# counted POD NAME: packets.
counted() { in_network "$1" nft --json list counter inet oracle "$2" | jq '.nftables[] | .counter? // empty | .packets'; }

# same WHAT A B
same() { expect "$1: $2" test "$2" -eq "$3"; }

# --- the agent --------------------------------------------------------------------------------

# Programs of a node by the name of what they run, as this machine numbers them.
pids_of() { # NODE PROGRAM
    local pid
    while read -r pid; do
        if [ "$(readlink "/proc/$pid/exe" 2>/dev/null | xargs -r basename)" = "$2" ]; then echo "$pid"; fi
    done < <(cat "$(node_cgroup "$1")/cgroup.procs")
}

# kill_of NODE PROGRAM: at once, as the killer of the memory-hungry does it. The node starts it again.
kill_of() {
    local pid
    for pid in $(pids_of "$1" "$2"); do kill -KILL "$pid"; done
}

all_nodes() { local each; for each in $(seq "$nodes"); do node_name "$each"; done; }

agent_file() { echo "$(node_folder "$1")/services/ringfence-agent"; }

# The node no longer starts its agent, which is killed.
agent_away() {
    mv "$(agent_file "$1")" "$work/agent-$1"
    kill_of "$1" ringfence-agent
}

agent_back() { [ ! -e "$work/agent-$1" ] || mv "$work/agent-$1" "$(agent_file "$1")"; }

agent_answers() { # NODE PATH
    nsenter --net="/run/netns/$1" timeout 5 bash -c \
        "exec 3<>/dev/tcp/127.0.0.1/9470 && printf 'GET $2 HTTP/1.0\r\n\r\n' >&3 && cat <&3" 2>/dev/null
}

agent_is_ready() { [[ $(agent_answers "$1" /readyz) == HTTP/*' 200 '* ]]; }

agents_ready() { local each; for each in $(all_nodes); do eventually 60 agent_is_ready "$each" || return 1; done; }

# agent_memory NODE: what it holds, in KiB.
agent_memory() { awk '/^VmRSS/ { print $2 }' "/proc/$(pids_of "$1" ringfence-agent)/status"; }
