#!/usr/bin/env bash
# check.sh PROGRAMS: is the image the same when it is made twice, and does it say what is in it? PROGRAMS is the folder of
# cargo's in which they are built.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -eq 1 ] || { echo "in which folder are the programs?" >&2; exit 64; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
triple=$(uname -m)-unknown-linux-musl

ok() {
    local says=$1
    shift
    if "$@"; then echo "ok $says"; else echo "not ok $says"; failures=$((failures + 1)); fi
}

one=$("$here/build.sh" "$work/one.tar" --programs "$1")
# Another time zone, another mask, other times of files: nothing of it may be in the image.
mkdir -p "$work/again/$triple/release"
for program in ringfence-agent ringfence-cni ringfence-controller; do
    cp "$1/$triple/release/$program" "$work/again/$triple/release/"
    touch --date=2001-01-01 "$work/again/$triple/release/$program"
done
two=$(umask 077 && TZ=Asia/Tokyo "$here/build.sh" "$work/two.tar" --programs "$work/again")
ok "two images of the same programs have one digest" [ "$one" = "$two" ]
ok "they are equal to the octet" cmp "$work/one.tar" "$work/two.tar"
printf x >>"$work/again/$triple/release/ringfence-cni"
other=$("$here/build.sh" "$work/other.tar" --programs "$work/again")
ok "another octet in a program is another digest" [ "$one" != "$other" ]

mkdir "$work/image" "$work/tree"
tar --extract --file "$work/one.tar" --directory "$work/image"
for blob in "$work"/image/blobs/sha256/*; do
    ok "a blob is called by its digest" [ "$(sha256sum <"$blob" | cut -d' ' -f1)" = "${blob##*/}" ]
    if tar --list --file "$blob" >/dev/null 2>&1; then tar --extract --file "$blob" --directory "$work/tree"; fi
done
ok "the agent runs without any library" chroot "$work/tree" /usr/bin/ringfence-agent --version
sbom=$work/tree/usr/share/ringfence/sbom.spdx.json
ok "the list of parts has tokio, with its checksum" \
    grep -q '"referenceLocator": "pkg:cargo/tokio@' "$sbom"
ok "and nothing that only tests use" sh -c "! grep -q 'pkg:cargo/proptest@' '$sbom'"
echo "$failures failures"
[ "$failures" -eq 0 ]
