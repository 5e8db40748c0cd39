#!/usr/bin/env bash
# The rules a compiler does not check. Prints every finding with its file and line; fails when there is one.
set -uo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C

failures=0
finding() {
    echo "lint: $1" >&2
    failures=$((failures + 1))
}

swift format lint --strict --recursive --parallel Sources Tests Plugins Package.swift || finding "the format differs; swift format -i -r Sources Tests Plugins Package.swift"

# Names of public registries stand nowhere in this project, so they cannot stand here either: the tools that use them
# know them.
forbidden_hosts() {
    python3 Scripts/demo.py forbidden-hosts
    cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2> /dev/null | grep -v '^#' | grep -oE 'https?://[^/ ]+' | sed -E 's,.*//,,; s,:.*,,'
}
hosts=$(forbidden_hosts | sort -u | grep -vE '^(localhost|[0-9.:]+)$')
if [ -n "$hosts" ]; then
    found=$(git grep -nIiF -e "$(head -n 1 <<< "$hosts")" $(tail -n +2 <<< "$hosts" | sed 's/^/-e /') -- . ) \
        && { echo "$found" >&2; finding "a registry's host name is written out; say <public-index> or ask pip"; }
else
    finding "pip names no index, so nothing could be compared"
fi

# Assembled here so that this file does not find itself.
marks="TO""DO|FIX""ME|X""XX"
found=$(git grep -nIE "\b($marks)\b" -- Sources Tests Plugins Scripts Benchmarks docs Makefile '*.md') \
    && { echo "$found" >&2; finding "a note to do something later; do it or open an issue"; }

while read -r lines file; do
    [ "$file" = total ] || { echo "$file: $lines lines" >&2; finding "a Swift file has more than 400 lines"; }
done < <(git ls-files -z '*.swift' | xargs -0 wc -l | awk '$1 > 400')

found=$(git grep -nE 'try!|fatalError\(|as! ' -- Sources ':!Sources/SaveTestKit') \
    && { echo "$found" >&2; finding "something that ends the process"; }

# Fifty megabytes of libraries for what a program of this kind never asks for (docs/adr/0054-foundation-essentials.md).
found=$(git grep -nE 'import Foundation$' -- Sources 'Plugins/*/Sources' ':!Sources/SaveTestKit') \
    && { echo "$found" >&2; finding "Foundation in the server; import FoundationEssentials, or Glibc"; }

# Where the compiler's checks are switched off, a comment says why that is right. The count is printed so that it is seen.
unsafe='@unchecked|nonisolated\(unsafe\)|unsafeBitCast|withUnsafe[A-Za-z]*Continuation|assumingMemoryBound'
outside=$(git grep -nE "$unsafe" -- Sources ':!Sources/Adapters' ':!Sources/Readers' ':!Sources/SavePlatform/Support' ':!Sources/Engine/Access/Formats/FormatExecutor.swift' ':!Sources/SaveTestKit') \
    && { echo "$outside" >&2; finding "unchecked code outside Adapters, Readers, SavePlatform/Support and FormatExecutor.swift"; }
while IFS=: read -r file line _; do
    first=$((line > 6 ? line - 6 : 1)) last=$((line + 4))
    sed -n "${first},${last}p" "$file" | grep -q 'SAFETY' || { echo "$file:$line" >&2; finding "unchecked code without a SAFETY comment beside it"; }
done < <(git grep -nE '@unchecked|nonisolated\(unsafe\)' -- Sources | grep -vE ':[0-9]+: *//')
echo "lint: $(git grep -hE "$unsafe" -- Sources | grep -vcE '^ *//') places where the compiler's checks are off; $(git ls-files '*.swift' | wc -l) Swift files"

# What is no text says nothing to a reader and grows the repository for good. Tests keep theirs with the fixtures; the documentation has a few pictures of
# pages, which a test takes.
while IFS= read -r -d '' file; do
    [ ! -s "$file" ] || grep -qI '' "$file" || { echo "$file" >&2; finding "a binary file outside Tests/Fixtures"; }
done < <(git ls-files -z -- . ':!Tests/Fixtures' ':!docs/images')
while IFS= read -r -d '' file; do
    [ "$(stat -c %s "$file")" -lt 150000 ] || { echo "$file" >&2; finding "a picture of more than 150 kB"; }
done < <(git ls-files -z -- docs/images)

# A build or a test writes below .build or into a temporary folder; what lies in the root was left there by one that does not.
while IFS= read -r -d '' file; do
    [[ "$file" == */* ]] || { echo "$file" >&2; finding "an untracked file in the root; add it, or mend what leaves it there"; }
done < <(git ls-files -z --others --exclude-standard)

python3 Scripts/requirements.py || finding "the table of requirements is not that of the tests"

python3 Scripts/named-tests.py || finding "a document names a test that does not exist"

python3 Scripts/named-places.py || finding "a document names a file or a declaration that does not exist"

# Names that were given up for standard ones, and the habit of beginning with "Who": a sentence names its actor.
old='RevisionBoard|Freshness|Lease|FillSeat|UnkeptBytes|UpstreamArrival|AuditTally|AuditCut|AuditUpkeep|OfferedListing|IndexAnswers|AssetAnswers'
old+='|ChangeAnswers|SignInAnswers|RefusalAnswers|Supervised|FormatThreads|PackageGoverning|DocumentedIndexes|SidecarDeriving|LargeRootReading|RefusalForm'
found=$(git grep -nwE "$old" -- . ':!Scripts/lint.sh' ':!CHANGELOG.md') && { echo "$found" >&2; finding "a name that was given up"; }
found=$(git grep -nE '(largest|longest|most)[A-Z][A-Za-z]*' -- '*.swift') && { echo "$found" >&2; finding "a limit is called max, with its unit"; }
found=$(git grep -nE '^ *(///?|#|"""|//) *Who(se|m|ever)?\b' -- Sources Plugins Tests Benchmarks Scripts) \
    && { echo "$found" >&2; finding "a comment that begins with Who; name the actor"; }

python3 Scripts/shape.py > /dev/null || finding "the shape of the house; see docs/architecture.md"

python3 Scripts/module-figure.py --check || finding "the figure of the modules is not that of Package.swift"

[ "$failures" -eq 0 ] && echo "lint: nothing found" || { echo "lint: $failures findings" >&2; exit 1; }
