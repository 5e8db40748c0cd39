#!/usr/bin/env bash
# The documentation of what formats see, as a site in .build/docs: the pages of Sources/SavePlatform/SavePlatform.docc and the
# comments in the sources. Fails for a link that leads nowhere.
#
#   Scripts/docs.sh BUILD      BUILD: .build/release, with SavePlatform built in it
set -euo pipefail
cd "$(dirname "$0")/.."

build=$1 work=$1/docs
site=.build/docs
rm -rf "$work" "$site"
mkdir -p "$work/symbols"
maps=()
for module in Sources/CSystem/*/module.modulemap; do maps+=(-Xcc "-fmodule-map-file=$module"); done
target=$(swiftc -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)".*/\1/p')
swift symbolgraph-extract -module-name SavePlatform -I "$build/Modules" "${maps[@]}" -target "$target" \
    -minimum-access-level public -skip-synthesized-members -output-dir "$work/symbols"
docc convert Sources/SavePlatform/SavePlatform.docc --additional-symbol-graph-dir "$work/symbols" --output-dir "$site" \
    --fallback-display-name SavePlatform --fallback-bundle-identifier save.platform --transform-for-static-hosting \
    --diagnostics-file "$work/diagnostics.json" > "$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
}
python3 - "$work/diagnostics.json" "$PWD/" << 'END'
import json
import sys

found = 0
for note in json.load(open(sys.argv[1]))["diagnostics"]:
    # A parameter is described where its name does not say enough.
    if note["summary"].startswith("Parameter ") and note["summary"].endswith("missing documentation"):
        continue
    place = "%s:%s" % (note.get("source", "").removeprefix("file://" + sys.argv[2]), note.get("range", {}).get("start", {}).get("line"))
    print("docs: %s: %s" % (place, note["summary"]), file=sys.stderr)
    found += 1
sys.exit(1 if found else 0)
END
echo "$site/index.html"
