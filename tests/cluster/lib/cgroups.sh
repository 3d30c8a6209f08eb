# shellcheck shell=bash
# A node's part of every hierarchy of cgroups, older ones included, on a machine that has them.

# The older hierarchies, each with its own folder of the node; nothing where cgroup2 is alone.
older_hierarchies() { findmnt --noheadings --types cgroup --output TARGET || true; }

# Two kubelets must never share a cgroup: each ends what it finds there and does not know.
make_node_cgroups() {
    local hierarchy
    mkdir -p "$(node_cgroup "$1")"
    for hierarchy in $(older_hierarchies); do
        mkdir -p "$hierarchy/$1"
        [ -e "$hierarchy/cpuset.mems" ] || continue
        cat "$hierarchy/cpuset.cpus" >"$hierarchy/$1/cpuset.cpus"
        cat "$hierarchy/cpuset.mems" >"$hierarchy/$1/cpuset.mems"
    done
}

remove_node_cgroups() {
    local hierarchy
    end_cgroup "$unified/$1"
    for hierarchy in $(older_hierarchies); do until_gone "$hierarchy/$1"; done
}

