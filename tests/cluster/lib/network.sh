# shellcheck shell=bash
# The wires of a cluster: a bridge with the control plane's address, and for each node a network namespace that is plugged
# into it and knows the way to the others' pods.

# An address of IPv6 is usable only after a second of asking whether somebody has it; nobody has.
add_address() { # FAMILY ADDRESS LINK [OPTIONS OF ip]
    case $1 in
        4) ip "${@:4}" address add "$2" dev "$3" ;;
        6) ip "${@:4}" address add "$2" dev "$3" nodad ;;
    esac
}

make_bridge() {
    local family
    ip link add "$name" type bridge
    for family in $families; do
        add_address "$family" "$(api_address "$family")/$(node_prefix "$family")" "$name"
    done
    ip link set "$name" up
}

# make_node_network NUMBER
make_node_network() {
    local node link family
    node=$(node_name "$1") link=$(node_link "$node")
    ip netns add "$node"
    ip link add "$link" type veth peer name eth0 netns "$node"
    ip link set "$link" master "$name" up
    ip -n "$node" link set lo up
    ip -n "$node" link set eth0 up
    for family in $families; do
        add_address "$family" "$(node_address "$family" "$1")/$(node_prefix "$family")" eth0 -n "$node"
        ip -n "$node" route add default via "$(api_address "$family")"
        forward "$node" "$family"
        make_pod_routes "$family" "$1" "$node"
    done
}

forward() {
    case $2 in
        4) ip netns exec "$1" sysctl --quiet --write net.ipv4.ip_forward=1 ;;
        6) ip netns exec "$1" sysctl --quiet --write net.ipv6.conf.all.forwarding=1 ;;
    esac
}

# make_pod_routes FAMILY NUMBER NODE: from it to the pods of all others, and from this machine to its own.
make_pod_routes() {
    local other
    for other in $(seq "$nodes"); do
        [ "$other" = "$2" ] ||
            ip -n "$3" route add "$(pod_range "$1" "$other")" via "$(node_address "$1" "$other")"
    done
    ip route replace "$(pod_range "$1" "$2")" via "$(node_address "$1" "$2")"
}

