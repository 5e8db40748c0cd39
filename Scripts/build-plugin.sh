#!/usr/bin/env bash
# Builds a format as a shared object that one server loads at start (docs/plugin-abi.md).
#
#   build-plugin.sh FORMAT [--output FILE] [--build FOLDER]
#
# FORMAT is the name of a folder of Plugins, or a path to a folder like those: Sources/ holds the module Format<Name> with the
# type <Name>Format, where <Name> is the folder's name. In a checkout the server is the one in .build/release, or in the folder
# of another build; beside an installed server it is that one. The path of what was built is all that goes to standard output.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)

fail() {
    echo "build-plugin: $*" >&2
    exit 1
}

format='' output='' build=''
while [ $# -gt 0 ]; do
    case "$1" in
        --output | --build)
            [ $# -ge 2 ] || fail "$1 needs a value"
            [ "$1" = --output ] && output=$2 || build=$2
            shift ;;
        -*) fail "unknown option $1 (known: --output, --build)" ;;
        *) [ -z "$format" ] && format=$1 || fail "one format at a time" ;;
    esac
    shift
done
[ -n "$format" ] || fail "which format? A folder of Plugins, or a path to one"

if [ -e "$here/../Package.swift" ]; then
    root=$(dirname "$here")
    build=${build:-$root/.build/release}
    server=$build/save-server modules=$build/Modules c_modules=$root/Sources/CSystem
    [[ "$format" == */* ]] || format=$root/Plugins/$format
else
    build=$PWD
    server=$here/../../bin/save-server modules=$here/modules c_modules=$here/c-modules
fi
[ -x "$server" ] || fail "there is no server at $server to build for; make build makes it"
[ -d "$format/Sources" ] || fail "there is no folder $format/Sources"
name=$(basename "$(cd "$format" && pwd)")
[[ "$name" =~ ^[A-Z][A-Za-z0-9]*$ ]] || fail "'$name' is not a name for a format: a capital letter, then letters and digits"
output=${output:-$build/plugins/$name.so}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What the server asks before it hands over anything of Swift: which build this was made for.
fingerprint=$("$server" formats --fingerprint)
clang=$(dirname "$(readlink -f "$(command -v swiftc)")")/clang
[ -x "$clang" ] || clang=cc
printf 'const char save_plugin_abi[] = "%s";\n' "$fingerprint" > "$work/abi.c"
"$clang" -fPIC -c "$work/abi.c" -o "$work/abi.o"

cat > "$work/Registration.swift" << END
internal import SavePlatform

@c(save_plugin_register)
public func savePluginRegister(_ registrar: UnsafeMutableRawPointer) -> Int32 {
    PluginRegistrar.register(${name}Format.self, with: registrar)
}
END

# The settings of Package.swift. The platform and the readers are not linked: the server has the one copy that there is.
flags=(-emit-library -parse-as-library -whole-module-optimization -module-name "Format$name" -swift-version 6 -O -g -I "$modules")
# A format that the server has compiled in as well is its own here: what it defines it also uses.
flags+=(-Xlinker -Bsymbolic)
# The debug information wants the module as well; without a path for it the compiler leaves it in the caller's folder.
flags+=(-emit-module -emit-module-path "$work/Format$name.swiftmodule")
for feature in ExistentialAny InternalImportsByDefault MemberImportVisibility NonisolatedNonsendingByDefault; do
    flags+=(-enable-upcoming-feature "$feature")
done
for folder in "$c_modules"/*/; do flags+=(-I "$folder"); done
for flag in $(pkg-config --cflags-only-I libxml-2.0 2> /dev/null); do flags+=(-Xcc "$flag"); done

mkdir -p "$(dirname "$output")"
find "$format/Sources" -name '*.swift' -print0 | sort -z > "$work/sources"
xargs -0 -a "$work/sources" swiftc "${flags[@]}" "$work/Registration.swift" "$work/abi.o" -o "$work/plugin.so" >&2
# Renamed into place: a server that runs keeps the file that it has loaded.
install -m 0644 "$work/plugin.so" "$output.new"
mv -f "$output.new" "$output"
readlink -f "$output"
