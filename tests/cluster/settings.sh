# shellcheck shell=bash
# Settings of a cluster, all from the environment, and what follows from them: names, addresses, folders.

number=${CLUSTER:-0}                     # 0 to 48: clusters of different numbers stand side by side
nodes=${CLUSTER_NODES:-2}                # 0 to 9; with 0 there is a control plane alone
families=${CLUSTER_FAMILIES:-4 6}        # "4 6", "6 4", "4" or "6"; the first one is what a Service gets unasked
proxy=${CLUSTER_PROXY:-nftables}         # kube-proxy's mode: nftables, iptables, or none for no kube-proxy
cni=${CLUSTER_CNI:-bridge}               # bridge, or none: somebody else writes each node's /etc/cni/net.d
cni_programs=${CLUSTER_CNI_PROGRAMS:-/usr/lib/cni} # copied to each node's /opt/cni/bin
apiserver_flags=${CLUSTER_APISERVER_FLAGS:-}
kubelet_flags=${CLUSTER_KUBELET_FLAGS:-}
# A function that took one of these names for a variable of its own would address another cluster.
readonly number nodes families proxy cni

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${RINGFENCE_CACHE:-$HOME/.cache/ringfence}/cluster
bin=$cache/bin                           # what build.sh wrote
name=rfbox$number                        # of the bridge, and the first part of every other name
state=$cache/$name                       # what one cluster writes
kubeconfig=$state/admin.kubeconfig

fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}

[[ $number =~ ^[0-9]+$ && $number -le 48 ]] || fail "CLUSTER is a number from 0 to 48, not $number"
[[ $nodes =~ ^[0-9]$ ]] || fail "CLUSTER_NODES is a number from 0 to 9, not $nodes"
case $families in "4 6" | "6 4" | 4 | 6) ;; *) fail "CLUSTER_FAMILIES is 4, 6, or both, not $families" ;; esac
case $proxy in nftables | iptables | none) ;; *) fail "CLUSTER_PROXY is nftables, iptables or none, not $proxy" ;; esac
case $cni in bridge | none) ;; *) fail "CLUSTER_CNI is bridge or none, not $cni" ;; esac

# --- addresses --------------------------------------------------------------------------------
# Each function says it of one family, which is its first word: 4 or 6.

# The network between the nodes; the control plane has its first address.
api_address() { case $1 in 4) echo "10.199.$number.1" ;; 6) echo "fd00:199:$number::1" ;; esac }
node_address() { case $1 in 4) echo "10.199.$number.1$2" ;; 6) echo "fd00:199:$number::1$2" ;; esac }
node_prefix() { case $1 in 4) echo 24 ;; 6) echo 64 ;; esac }
node_range() { case $1 in 4) echo "10.199.$number.0/24" ;; 6) echo "fd00:199:$number::/64" ;; esac }

pod_range() { case $1 in 4) echo "10.$((100 + number)).$2.0/24" ;; 6) echo "fd00:$((100 + number)):0:$2::/64" ;; esac }
cluster_range() { case $1 in 4) echo "10.$((100 + number)).0.0/16" ;; 6) echo "fd00:$((100 + number))::/48" ;; esac }
service_range() { case $1 in 4) echo "10.$((150 + number)).0.0/16" ;; 6) echo "fd00:$((150 + number))::/112" ;; esac }

# The first Service is the API server's, the tenth is the name server's, as everywhere.
service_address() { case $1 in 4) echo "10.$((150 + number)).0.$2" ;; 6) printf 'fd00:%d::%x\n' $((150 + number)) "$2" ;; esac }

# joined SEPARATOR FUNCTION WORDS...: what FUNCTION says of each family of the cluster.
joined() {
    local separator=$1 family all=
    for family in $families; do all+="${all:+$separator}$("$2" "$family" "${@:3}")"; done
    echo "$all"
}

first_family=${families%% *}
api_host=$(api_address "$first_family")
case $first_family in 4) api=https://$api_host:6443 ;; 6) api="https://[$api_host]:6443" ;; esac

node_name() { echo "$name-n$1"; }

# node_link NODE: its plug in the bridge; names of links have fifteen characters at most.
node_link() { echo "${1/-/}"; }
