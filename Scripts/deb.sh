#!/usr/bin/env bash
# A Debian package of a build of the server: the program, the libraries of the Swift runtime that it needs and Debian has
# not, its manual page and completions, a systemd unit, /etc/save/save.conf.
#
#   Scripts/deb.sh [--build .build/release] [--output .build/deb]      prints the path of the package
#
# The same commit, toolchain and Debian give the same bytes: times are those of the commit (SOURCE_DATE_EPOCH).
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    echo "deb: $*" >&2
    exit 1
}

build=.build/release output=.build/deb
while [ $# -gt 0 ]; do
    case "$1" in
        --build) build=$2; shift 2 ;;
        --output) output=$2; shift 2 ;;
        *) fail "unknown option $1 (known: --build, --output)" ;;
    esac
done
server=$build/save-server
[ -x "$server" ] || fail "no $server; make build makes it"
for tool in dpkg-deb dpkg-query patchelf strip gzip; do
    command -v "$tool" > /dev/null || fail "no $tool; Scripts/setup.sh --deb installs what this takes"
done

version=${DEB_VERSION:-$("$server" --version | awk '{ print $2 }')}
architecture=$(dpkg --print-architecture)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
mkdir -p "$output"
tree=$(mktemp -d "$output/tree.XXXXXX")
trap 'rm -rf "$tree"' EXIT

chmod 0755 "$tree"

# The program, which finds the runtime beside it.
runtime=/usr/lib/save-server/runtime
install -D -m 0755 "$server" "$tree/usr/bin/save-server"
strip --strip-unneeded "$tree/usr/bin/save-server"
patchelf --set-rpath "$runtime" "$tree/usr/bin/save-server"

# What Debian has not of the libraries that it loads.
mkdir -p "$tree$runtime"
while read -r name path; do
    owner=$(dpkg-query --search "$(readlink -f "$path")" 2> /dev/null | head -n 1 | cut -d: -f1) || true
    # Where /lib leads to /usr/lib, dpkg may know a file by either name.
    [ -n "$owner" ] || owner=$(dpkg-query --search "${path#/usr}" 2> /dev/null | head -n 1 | cut -d: -f1) || true
    [ -z "$owner" ] || continue
    install -m 0644 "$(readlink -f "$path")" "$tree$runtime/$name"
    strip --strip-unneeded "$tree$runtime/$name"
    patchelf --set-rpath '$ORIGIN' "$tree$runtime/$name"
done < <(ldd "$server" | awk '$2 == "=>" && $3 ~ /^\// { print $1, $3 }' | sort)
# Only what the program and its runtime name themselves; those packages bring what they need.
needed=$(find "$tree/usr/bin" "$tree$runtime" -type f -exec patchelf --print-needed {} + | sort -u)
depends=()
for name in $needed; do
    [ -e "$tree$runtime/$name" ] && continue
    path=$(ldd "$server" | awk -v name="$name" '$1 == name { print $3 }')
    [ -n "$path" ] || continue
    owner=$(dpkg-query --search "$(readlink -f "$path")" 2> /dev/null | head -n 1 | cut -d: -f1) || true
    [ -n "$owner" ] || owner=$(dpkg-query --search "${path#/usr}" | head -n 1 | cut -d: -f1)
    depends+=("$owner (>= $(dpkg-query --show --showformat '${Version}' "$owner" | sed -E 's/^(([0-9]+:)?[0-9]+(\.[0-9]+)*(~[0-9]+)?).*/\1/'))")
done
depends=$(printf '%s\n' "${depends[@]}" | sort -u | paste -sd, | sed 's/,/, /g')

document() { "$server" "${@:2}" | install -D -m 0644 /dev/stdin "$tree/usr/share/$1"; }
document man/man8/save-server.8 manual
gzip -9n "$tree/usr/share/man/man8/save-server.8"
document bash-completion/completions/save-server completions bash
document zsh/vendor-completions/_save-server completions zsh
document fish/vendor_completions.d/save-server.fish completions fish

install -D -m 0644 Scripts/debian/save-server.service "$tree/lib/systemd/system/save-server.service"
install -D -m 0640 Scripts/debian/save.conf "$tree/etc/save/save.conf"
install -D -m 0644 Scripts/debian/logrotate "$tree/etc/logrotate.d/save-server"
doc=$tree/usr/share/doc/save-server
install -D -m 0644 -t "$doc" docs/configuration.md docs/administration.md docs/upgrading.md docs/troubleshooting.md
install -m 0644 LICENSE "$doc/copyright"
install -m 0644 CHANGELOG.md "$doc/changelog"
gzip -9n "$doc/changelog"
python3 Scripts/sbom.py --version "$version" --server "$server" --runtime "$tree$runtime" > "$doc/sbom.spdx.json"

mkdir "$tree/DEBIAN"
install -m 0755 -t "$tree/DEBIAN" Scripts/debian/postinst Scripts/debian/prerm Scripts/debian/postrm
printf '%s\n' /etc/save/save.conf /etc/logrotate.d/save-server > "$tree/DEBIAN/conffiles"
size=$(du -sk --apparent-size --exclude DEBIAN "$tree" | cut -f1)
cat > "$tree/DEBIAN/control" << END
Package: save-server
Version: $version
Architecture: $architecture
Maintainer: The Save project <save@localhost>
Installed-Size: $size
Depends: adduser, ca-certificates, $depends
Recommends: logrotate
Section: net
Priority: optional
Description: repository manager for packages and files
 One server between package managers and the outside world: it proxies and
 caches public indexes, hosts private packages, groups both behind one URL,
 decides who may read and write, and records who did what.
END
(cd "$tree" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum) > "$tree/DEBIAN/md5sums"
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

package=$output/save-server_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build "$tree" "$package" > /dev/null
readlink -f "$package"
