# shellcheck shell=bash
# A node, as this machine sees it: a network namespace on the bridge, cgroups, what it reads and runs, and a first process
# that has the other namespaces. It can be stopped and started again like a machine that loses its power.

node_folder() { echo "$state/nodes/$1"; }

# --- what it reads ----------------------------------------------------------------------------

kubelet_configuration() { # NUMBER FOLDER
    local node any=0.0.0.0
    node=$(node_name "$1")
    case $families in *6*) any='"::"' ;; esac
    cat <<TEXT
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $any
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
authentication: {anonymous: {enabled: false}, x509: {clientCAFile: $keys/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $keys/$node.crt
tlsPrivateKeyFile: $keys/$node.key
clusterDNS: [$(joined , quoted service_address 10)]
clusterDomain: cluster.local
# Nothing outside can be reached, so a pod that does not ask the cluster's name server asks nobody.
resolvConf: $2/resolv.conf
# A kubelet refuses the older hierarchies unless it is told.
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /$node
enforceNodeAllocatable: []
failSwapOn: false
# Neither may ask for more than root has where CAP_SYS_RESOURCE is missing.
oomScoreAdj: 0
maxOpenFiles: $(ulimit -Hn)
# A node for tests neither evicts pods nor throws images away.
evictionHard: {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%", imagefs.inodesFree: "0%"}
imageGCHighThresholdPercent: 100
serializeImagePulls: false
runtimeRequestTimeout: 1m
TEXT
}

# quoted FAMILY FUNCTION WORDS...: an address of IPv6 would be read as a map.
quoted() { echo "\"$("$2" "$1" "${@:3}")\""; }

# Snapshotters that this machine cannot have would each be told of in the log.
containerd_configuration() {
    cat <<'TEXT'
version = 2
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.tracing"]
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "ringfence.test/pause:box"
  disable_apparmor = true
  # A process's score for the killer of the memory-hungry cannot be lowered without CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
TEXT
}

cni_range() { printf '[{"subnet": "%s"}]' "$(pod_range "$1" "$2")"; }

cni_configuration() { # NUMBER
    cat <<TEXT
{"cniVersion": "1.0.0", "name": "$name", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isDefaultGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [$(joined ', ' cni_range "$1")]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}
]}
TEXT
}

# --- what it runs -----------------------------------------------------------------------------

# add_service NODE NAME: its first process runs the script on stdin, for ever, from now on or when it starts.
add_service() {
    local file
    file=$(node_folder "$1")/services/$2
    { echo '#!/bin/sh'; cat; } >"$file.new"
    chmod +x "$file.new"
    mv "$file.new" "$file"
}

remove_service() { rm -f "$(node_folder "$1")/services/$2"; }

add_services() { # NUMBER
    local node addresses folder
    node=$(node_name "$1")
    folder=$(node_folder "$node")
    addresses=$(joined , node_address "$1")
    add_service "$node" containerd <<<"exec containerd --config $folder/containerd.toml --log-level warn"
    add_service "$node" kubelet <<TEXT
exec $bin/kubelet --config $folder/kubelet.yaml --kubeconfig $folder/kubelet.kubeconfig \
    --hostname-override $node --node-ip $addresses $kubelet_flags
TEXT
    [ "$proxy" != none ] || return 0
    # The limits of connection tracking are the whole machine's; 0 leaves them.
    add_service "$node" kube-proxy <<TEXT
exec $bin/kube-proxy --kubeconfig $state/proxy.kubeconfig --hostname-override $node --proxy-mode $proxy \
    --cluster-cidr $(joined , cluster_range) --conntrack-max-per-core 0 --conntrack-min 0 \
    --conntrack-tcp-timeout-established 0 --conntrack-tcp-timeout-close-wait 0
TEXT
}

# --- its life ---------------------------------------------------------------------------------

# prepare_node NUMBER: its files, and its object, so that its pods' addresses are known before it runs.
prepare_node() {
    local node folder
    node=$(node_name "$1")
    folder=$(node_folder "$node")
    mkdir -p "$folder"/{services,sysctl,var-lib,var-log,etc-cni/net.d,opt-cni/bin}
    cp "$cni_programs"/* "$folder/opt-cni/bin/"
    make_node_keys "$1" "$folder"
    echo '# nobody' >"$folder/resolv.conf"
    kubelet_configuration "$1" "$folder" >"$folder/kubelet.yaml"
    containerd_configuration >"$folder/containerd.toml"
    [ "$cni" = none ] || cni_configuration "$1" >"$folder/etc-cni/net.d/10-bridge.conflist"
    add_services "$1"
    kubectl create -f - >/dev/null <<TEXT
{"apiVersion": "v1", "kind": "Node", "metadata": {"name": "$node", "labels": {"kubernetes.io/hostname": "$node"}},
 "spec": {"podCIDR": "$(pod_range "$first_family" "$1")", "podCIDRs": [$(joined ', ' quoted pod_range "$1")]}}
TEXT
}

# start_node NUMBER: also after stop_node, and then it finds its disk as it was.
start_node() {
    local node
    node=$(node_name "$1")
    make_node_network "$1"
    make_node_cgroups "$node"
    spawn "$node" "$(node_cgroup "$node")" nsenter --net="/run/netns/$node" \
        unshare --mount --uts --ipc --pid --fork --mount-proc --kill-child=KILL "$here/node/init.sh" "$node"
}

# stop_node NODE: as if its power failed.
stop_node() {
    remove_node_cgroups "$1"
    # It would go with the namespace, which the kernel removes when it finds the time.
    if [ -e "/sys/class/net/$(node_link "$1")" ]; then ip link delete "$(node_link "$1")"; fi
    if [ -e "/run/netns/$1" ]; then ip netns delete "$1"; fi
}
