#!/usr/bin/env bash
# init.sh NODE: the first process of a node, in the node's own namespaces. It makes the folders that a node has for itself,
# and keeps the services running that are scripts in the node's folder `services`. When it ends, the kernel ends every
# process of the node, pods too.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
node=$1
folder=$state/nodes/$node

# What is mounted here is not seen by the machine; what pods mount is seen by other pods.
make_own_folders() {
    mount --make-rslave /
    mount -t tmpfs tmpfs /run
    mkdir -p /run/netns /run/lock /run/cgroup /etc/cni /opt/cni
    mount --bind "$folder/var-lib" /var/lib
    mount --bind "$folder/var-log" /var/log
    mount --bind "$folder/etc-cni" /etc/cni
    mount --bind "$folder/opt-cni" /opt/cni
}

# The network devices in /sys are those of the network namespace in which it was mounted, so it is mounted anew; cgroups
# are taken along, and what is pinned in BPF's file system is the node's own.
make_own_sys() {
    mount --rbind /sys/fs/cgroup /run/cgroup
    mount -t sysfs sysfs /sys
    mount --move /run/cgroup /sys/fs/cgroup
    mount -t bpf bpf /sys/fs/bpf
    mount -t tracefs tracefs /sys/kernel/tracing || echo "no tracefs"
    mount -t debugfs debugfs /sys/kernel/debug || echo "no debugfs"
    mount --make-rshared /
}

# A kubelet writes these, which are the whole machine's, where they are not what it wants; so it reads what it wants.
show_wanted_sysctls() {
    local wanted file
    for wanted in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
        kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
        file=$folder/sysctl/$(basename "${wanted%=*}")
        echo "${wanted#*=}" >"$file"
        mount --bind "$file" "/proc/sys/${wanted%=*}"
    done
}

declare -A running=()

run_service() {
    "$folder/services/$1" </dev/null >>"$state/logs/$node-$1.log" 2>&1 &
    running[$1]=$!
}

is_running() { [ -n "${running[$1]:-}" ] && kill -0 "${running[$1]}" 2>/dev/null; }

import_images() {
    local image
    until ctr version >/dev/null 2>&1; do sleep 0.1; done
    for image in "$bin"/images/*.tar; do
        ctr --namespace k8s.io images import --snapshotter overlayfs "$image"
    done
}

keep_services() {
    local file service
    for file in "$folder"/services/*; do
        service=${file##*/}
        if [[ $service != *.new ]] && ! is_running "$service"; then run_service "$service"; fi
    done
    for service in "${!running[@]}"; do
        if [ -e "$folder/services/$service" ]; then continue; fi
        kill -TERM "${running[$service]}" 2>/dev/null || true
        unset "running[$service]"
    done
}

hostname "$node"
make_own_folders
make_own_sys
show_wanted_sysctls
run_service containerd
import_images
while :; do
    keep_services
    sleep 0.5
done
