#!/usr/bin/env bash
# Installs what a make target needs, and runs what must be root; see usage().
# It asks nothing, says why it does what it does, and is quick when nothing is missing.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
CACHE="${RINGFENCE_CACHE:-$HOME/.cache/ringfence}"
# The version that the project was checked with; raise it in a commit of its own.
CARGO_DENY_VERSION=0.20.2
MDBOOK_VERSION=0.5.4
RUSTUP_LINE="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --default-toolchain none"

usage() {
    cat <<'TEXT'
usage: scripts/setup.sh build                 compilers for Rust and BPF, git, the pinned toolchain
       scripts/setup.sh rust                  the pinned toolchain only
       scripts/setup.sh kernels               an emulator, and the list of the distribution's kernels
       scripts/setup.sh browser               chromium, for the tests of pictures
       scripts/setup.sh deny                  cargo-deny, built once into the cache
       scripts/setup.sh docs                  mdbook, built once into the cache
       scripts/setup.sh cluster               a container runtime, network plugins and Go, for tests/cluster
       scripts/setup.sh image                 what static programs are linked with
       scripts/setup.sh fuzz                  cargo-fuzz and the nightly toolchain that it needs
       scripts/setup.sh coverage              llvm's tools of the pinned toolchain
       scripts/setup.sh can-root              exit 0 where `root` would work
       scripts/setup.sh root WHY COMMAND...   runs COMMAND as root, through sudo only if it must
TEXT
}

wrong_usage() {
    usage >&2
    exit 64
}

say() { printf 'setup: %s\n' "$*" >&2; }

# 2 is the exit code of a set-up error in every command of the project.
give_up() {
    say "$@"
    exit 2
}

have() { command -v "$1" >/dev/null 2>&1; }

is_root() { [ "$(id -u)" -eq 0 ]; }

is_debian() {
    have apt-get && [ -r /etc/os-release ] && grep -Eq '^ID(_LIKE)?=.*(debian|ubuntu)' /etc/os-release
}

# --- root -------------------------------------------------------------------------------------

# With a terminal sudo may ask a person for a password; without one it must not need to.
can_root() { is_root || { have sudo && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }; }

# Keeps the few variables that our own programs read; sudo drops the rest.
as_root() {
    local why="$1"
    shift
    if is_root; then
        "$@"
        return
    fi
    have sudo || give_up "root is needed $why: run this as root, or install sudo"
    say "sudo $why"
    sudo env "PATH=$PATH" "${KEEP[@]}" "$@"
}

KEEP=()
keep_variables() {
    local name
    for name in CI RINGFENCE_REQUIRE_KERNEL RINGFENCE_PACKETS INSTA_UPDATE RUST_BACKTRACE CARGO_MANIFEST_DIR NO_COLOR TERM "${!CLUSTER@}"; do
        if [ -n "${!name+set}" ]; then KEEP+=("$name=${!name}"); fi
    done
}

# --- packages ---------------------------------------------------------------------------------

# WANTED collects what is missing; REASONS the sentences that say why.
WANTED=()
REASONS=()
want() {
    WANTED+=("$1")
    REASONS+=("$1: $2")
}

newest_clang() { compgen -c clang- | grep -Ex 'clang-[0-9]+' | sort -t- -k2 -n | tail -1 || true; }

# Old clangs emit code that the verifier refuses, so an unversioned one does not count by itself.
have_clang() {
    local found
    found="$(newest_clang)"
    if [ -n "$found" ] && [ "${found#clang-}" -ge 15 ]; then return 0; fi
    have clang && [ "$(clang -dumpversion | cut -d. -f1)" -ge 15 ]
}

# The newest versioned package that this release has: Debian 12 has 13 to 16 and 19.
clang_package() {
    local newest
    newest="$(apt-cache search --names-only '^clang-[0-9]+$' | cut -d' ' -f1 | sort -t- -k2 -n | tail -1)"
    printf '%s\n' "${newest:-clang}"
}

have_header() {
    local folder
    for folder in /usr/include /usr/include/"$(uname -m)"-linux-gnu; do
        if [ -e "$folder/$1" ]; then return 0; fi
    done
    return 1
}

# Where root looks, which a user's search path may leave out.
have_for_root() { PATH="$PATH:/usr/sbin:/sbin" have "$1"; }

look_for_packages() {
    have cc || want gcc "links every Rust program"
    have_header stdlib.h || want libc6-dev "links every Rust program"
    have_clang || want CLANG "compiles the BPF programs in bpf/"
    have git || want git "applies the mutants"
    have_for_root ip || want iproute2 "makes the networks of the kernel's tests"
    have_for_root nft || want nftables "rewrites addresses in the kernel's tests, as a node does"
}

# apt's own list of packages may be empty on a fresh machine, or name versions that are gone.
IS_REFRESHED=no
refresh_package_list() {
    if [ "$IS_REFRESHED" = yes ]; then return; fi
    as_root "to fetch the list of packages" apt-get update -qq >&2 || give_up "apt-get update failed"
    IS_REFRESHED=yes
}

# apt also knows names that other packages mention and that nobody provides.
can_install() { apt-cache policy "$1" | grep -q '^  Candidate: [^(]'; }

apt_install() {
    as_root "to install packages" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >&2 || give_up "apt-get install $* failed"
}

look_for_browser() {
    have chromium || have google-chrome || want chromium "looks at what \`ringfence graph\` draws, in tests"
}

look_for_emulator() {
    have qemu-system-x86_64 || want qemu-system-x86 "boots the kernels that the tests are run on"
    have cpio || want cpio "packs the file system that they begin with"
    have_for_root depmod || want kmod "lists their modules, and loads them there"
    have strip || want binutils "leaves out of the tests what only a debugger reads"
}

# The newest kernel is looked up by the distribution's list, which must be there.
install_emulator() {
    is_debian || give_up "the kernels are packages of Debian: this is neither Debian nor Ubuntu"
    refresh_package_list
    install_packages look_for_emulator
}

# From 1.21 on Go fetches the version that a module asks for.
have_go() {
    have go || return 1
    [ "$(go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')" -ge 21 ]
}

look_for_cluster() {
    have_for_root containerd || want containerd "runs the pods of a cluster's nodes"
    have_for_root runc || want runc "starts their containers"
    [ -e /usr/lib/cni/bridge ] || want containernetworking-plugins "connects pods, before Ringfence"
    have busybox || want busybox-static "is the shell in the images of tests"
    have_for_root ip || want iproute2 "makes the networks of nodes"
    have_for_root nft || want nftables "translates the addresses of Services"
    have_for_root iptables || want iptables "does so in kube-proxy's older mode, and for host ports"
    have jq || want jq "reads what plugins answer"
    have openssl || want openssl "makes a cluster's certificates"
    have_go || want golang-go "builds Kubernetes, etcd and CoreDNS"
}

look_for_image() {
    have musl-gcc || want musl-tools "compiles the C that static programs have in them"
    have readelf || want binutils "shows that they are static"
}

install_image() {
    install_packages look_for_image
    install_rust
    rustup target add --toolchain "$(pinned)" "$(uname -m)-unknown-linux-musl" >&2 ||
        give_up "rustup could not install the target $(uname -m)-unknown-linux-musl"
}

# A distribution's Go that is too old cannot fetch a newer one.
install_cluster() {
    install_packages look_for_cluster
    have_go || give_up "Go 1.21 or newer is needed, and this system has no package of it: https://go.dev/doc/install"
}

# install_packages LOOK: what LOOK misses.
install_packages() {
    "$1"
    if [ "${#WANTED[@]}" -eq 0 ]; then return; fi
    local reason
    for reason in "${REASONS[@]}"; do say "missing $reason"; done
    is_debian || give_up "this is neither Debian nor Ubuntu: install the above (CLANG is clang 15 or newer) and try again"
    refresh_package_list
    apt_install "${WANTED[@]/#CLANG/$(clang_package)}"
}

# --- toolchain --------------------------------------------------------------------------------

pinned() { sed -n 's/^channel = "\(.*\)"$/\1/p' "$ROOT/rust-toolchain.toml"; }

# The words of a list in rust-toolchain.toml, one a line; nothing where there is no such list.
pinned_list() { sed -n "s/^$1 = \\[\\(.*\\)\\]$/\\1/p" "$ROOT/rust-toolchain.toml" | tr -d '" ' | tr ',' '\n'; }

# A shell that was opened before rustup was installed does not know its folder yet.
find_rustup() {
    if ! have rustup && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/rustup" ]; then
        PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    fi
    have rustup
}

# The distribution's rustup manages pinned toolchains; its rustc would be another compiler.
install_rustup() {
    if is_debian; then
        refresh_package_list
        if can_install rustup; then
            say "missing rustup: it keeps the toolchain that rust-toolchain.toml pins"
            apt_install rustup
            return
        fi
    fi
    say "missing rustup, and this system has no package of it; type this line, then try again:"
    have curl || ! is_debian || RUSTUP_LINE="apt-get install -y curl && $RUSTUP_LINE"
    give_up "    $RUSTUP_LINE"
}

# rustup names what is installed without the network, so nothing is fetched when nothing is missing.
has_toolchain() {
    local present wanted
    present="$(rustup component list --toolchain "$(pinned)" --installed 2>/dev/null)" || return 1
    for wanted in rustc cargo rust-std $(pinned_list components) $(pinned_list targets | sed 's/^/rust-std-/'); do
        grep -q "^$wanted" <<<"$present" || return 1
    done
}

install_rust() {
    find_rustup || install_rustup
    if has_toolchain; then return; fi
    say "installing Rust $(pinned), which rust-toolchain.toml pins"
    local wanted options=()
    for wanted in $(pinned_list components); do options+=(--component "$wanted"); done
    for wanted in $(pinned_list targets); do options+=(--target "$wanted"); done
    rustup toolchain install "$(pinned)" --profile minimal "${options[@]}" >&2 ||
        give_up "rustup could not install Rust $(pinned)"
}

# --- tools ------------------------------------------------------------------------------------

# install_tool CRATE VERSION SAYS WHY: builds a program once, into the cache.
install_tool() {
    local crate="$1" version="$2" says="$3" why="$4" tool="$CACHE/tools/bin/$1"
    install_rust
    if [ -x "$tool" ] && [ "$("$tool" --version)" = "$says$version" ]; then return; fi
    say "building $crate $version into $CACHE/tools: $why"
    CARGO_TARGET_DIR="$CACHE/tools-target" \
        cargo install --quiet --locked --force --root "$CACHE/tools" "$crate@$version"
    rm -rf "$CACHE/tools-target"
}

install_deny() { install_tool cargo-deny "$CARGO_DENY_VERSION" "cargo-deny " "it checks licences and sources"; }

install_mdbook() { install_tool mdbook "$MDBOOK_VERSION" "mdbook v" "it makes a book of docs/"; }

# minor_of 'rustc 1.99.0 ...': 99, and 0 for anything else.
minor_of() {
    local minor
    minor="$(sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p' <<<"$1")"
    printf '%s' "${minor:-0}"
}

install_fuzz() {
    install_rust
    [ "$(minor_of "$(rustc +nightly --version 2>/dev/null)")" -ge "$(minor_of "rustc $(pinned)")" ] || {
        say "installing nightly Rust: the fuzzer's instrumentation is not stable"
        rustup toolchain install nightly --profile minimal >&2
    }
    [ -x "$CACHE/tools/bin/cargo-fuzz" ] || {
        say "building cargo-fuzz into $CACHE/tools"
        CARGO_TARGET_DIR="$CACHE/tools-target" cargo install --quiet --locked --root "$CACHE/tools" cargo-fuzz
        rm -rf "$CACHE/tools-target"
    }
}

install_coverage() {
    install_rust
    if rustup component list --toolchain "$(pinned)" --installed | grep -q '^llvm-tools'; then return; fi
    say "installing llvm-tools of Rust $(pinned): they read the counters of branches"
    rustup component add llvm-tools --toolchain "$(pinned)" >&2 || give_up "rustup could not install llvm-tools"
}

main() {
    keep_variables
    case "${1:-}" in
        build)
            install_packages look_for_packages
            install_rust
            ;;
        browser) install_packages look_for_browser ;;
        kernels) install_emulator ;;
        rust) install_rust ;;
        cluster) install_cluster ;;
        deny) install_deny ;;
        image) install_image ;;
        docs) install_mdbook ;;
        fuzz) install_fuzz ;;
        coverage) install_coverage ;;
        can-root) can_root ;;
        root)
            [ "$#" -ge 3 ] || wrong_usage
            shift
            as_root "$@"
            ;;
        *) wrong_usage ;;
    esac
}

main "$@"
