# shellcheck shell=bash
# Processes of a cluster. Each lives in a cgroup that is named after the cluster, and that is how all of them are found
# and ended: no file of PIDs has to be right for it, and nothing that is started can run away from it.

# Where cgroup2 is mounted, beside the older hierarchies or alone.
unified=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET) || fail "cgroup2 is not mounted"
control_cgroup=$unified/$name

# The parent of what a node runs itself; pods are beside it, below kubepods.
node_cgroup() { echo "$unified/$1/system"; }

# enter CGROUP CMD...: becomes CMD, inside of CGROUP.
enter() {
    mkdir -p "$1"
    exec bash -c 'echo 0 >"$0/cgroup.procs" && exec "$@"' "$@"
}

declare -A started=()

# spawn NAME CGROUP CMD...: runs CMD in CGROUP, writing to logs/NAME.log.
spawn() {
    local log=$state/logs/$1.log
    (enter "${@:2}") </dev/null >>"$log" 2>&1 &
    started[$1]=$!
}

# until_ok SECONDS NAME CMD...: tries CMD until it succeeds; fails at once when what `spawn` started as NAME has ended.
until_ok() {
    local deadline=$((SECONDS + $1)) who=$2
    until "${@:3}" >/dev/null 2>&1; do
        kill -0 "${started[$who]}" 2>/dev/null || fail "$who ended: $(tail -n 1 "$state/logs/$who.log")"
        [ "$SECONDS" -lt "$deadline" ] || fail "$who is not ready after $1 s; see $state/logs/$who.log"
        sleep 0.1
    done
}

# end_cgroup CGROUP: ends all that runs in it or below, and removes it.
end_cgroup() {
    [ -d "$1" ] || return 0
    echo 1 >"$1/cgroup.kill"
    until_gone "$1"
}

# A cgroup can go when its last process has, which takes a moment.
until_gone() {
    local deadline=$((SECONDS + 20))
    while [ -d "$1" ]; do
        find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
        [ -d "$1" ] || return 0
        [ "$SECONDS" -lt "$deadline" ] || fail "processes do not end in $1"
        sleep 0.05
    done
}

# The process, as this machine numbers it, that is PID 1 of a node; nothing where the node does not run.
node_init() {
    local pid
    while read -r pid; do
        if grep -qs "^NSpid:[[:space:]]${pid}[[:space:]]1$" "/proc/$pid/status"; then echo "$pid"; fi
    done < <(cat "$(node_cgroup "$1")/cgroup.procs" 2>/dev/null)
}
