#!/usr/bin/env bash
# Starts a format: copies Plugins/Template to Plugins/NAME under its own name, and names it in Package.swift.
#
#   Scripts/new-format.sh NAME      a capital letter, then letters and digits: Maven
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    echo "new-format: $*" >&2
    exit 1
}

name=${1:-}
[[ "$name" =~ ^[A-Z][A-Za-z0-9]{1,31}$ ]] || fail "'$name' is not a name for a format: a capital letter, then letters and digits"
id=$(tr '[:upper:]' '[:lower:]' <<< "$name")
[ ! -e "Plugins/$name" ] || fail "there is a folder Plugins/$name already"
[ ! -e "Sources/Formats/$name" ] || fail "$name is a format of the server's own"

for file in $(cd Plugins/Template && find . -type f -name '*.swift'); do
    target=Plugins/$name/${file//Template/$name}
    mkdir -p "$(dirname "$target")"
    sed "s/Template/$name/g; s/\"template\"/\"$id\"/g; s,/template/,/$id/,g" "Plugins/Template/$file" > "$target"
done
cat > "Plugins/$name/Sources/README.md" << END
# Format$name

What the format is for, in a sentence.

| read first | because |
| --- | --- |
| \`${name}Format.swift\` | the seven requirements |

May import: \`SavePlatform\` and the readers. Tested by \`Plugins/$name/Tests\` with the conformance kit.
END
sed -i "s/^let plugins = \[/&\"$name\", /" Package.swift
grep -q "^let plugins = .*\"$name\"" Package.swift || fail "Package.swift has no list of the folders of Plugins"

echo "Plugins/$name is there. Next:"
echo "    make unit FILTER=Format${name}Tests    # its tests"
echo "    make plugin NAME=$name                 # the shared object that a server loads"
