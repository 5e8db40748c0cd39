#!/usr/bin/env bash
# Installs a build of the server with its manual page and completions, and beside it what formats are built against
# (docs/plugin-abi.md).
#
#   Scripts/install.sh BUILD PREFIX      BUILD: .build/release; PREFIX: /usr/local. DESTDIR goes before PREFIX where it is set.
set -euo pipefail
cd "$(dirname "$0")/.."

build=$1 prefix=${DESTDIR:-}$2
lib=$prefix/lib/save-server

install -D -m 0755 "$build/save-server" "$prefix/bin/save-server"
# The manual page, and what lets shells complete command lines.
document() {
    "$build/save-server" "${@:2}" | install -D -m 0644 /dev/stdin "$prefix/share/$1"
}
document man/man8/save-server.8 manual
document bash-completion/completions/save-server completions bash
document zsh/site-functions/_save-server completions zsh
document fish/vendor_completions.d/save-server.fish completions fish
install -D -m 0755 Scripts/build-plugin.sh "$lib/build-plugin.sh"
ln -sf ../lib/save-server/build-plugin.sh "$prefix/bin/save-build-plugin"
# What a format may import, and the C modules behind it. A plugin fits this one build, so nothing of another may stay.
rm -rf "$lib/modules" "$lib/c-modules" "$lib/Template" "$lib/SavePlatform.docc"
for module in SavePlatform SaveDigest SaveArchive SaveHTML SaveCompression SaveTOML SaveVersions SaveXML; do
    install -D -m 0644 "$build/Modules/$module.swiftmodule" "$lib/modules/$module.swiftmodule"
    install -D -m 0644 "$build/Modules/$module.swiftdoc" "$lib/modules/$module.swiftdoc"
done
for module in CCrypto CBlake2 CArchive CXML CZlib; do
    for file in module.modulemap shim.h; do
        install -D -m 0644 "Sources/CSystem/$module/$file" "$lib/c-modules/$module/$file"
    done
done
install -D -m 0644 -t "$lib/SavePlatform.docc" Sources/SavePlatform/SavePlatform.docc/*.md
install -D -m 0644 Plugins/Template/Sources/TemplateFormat.swift "$lib/Template/Sources/TemplateFormat.swift"
echo "installed below $prefix; save-build-plugin FOLDER builds a format for this server"
