#!/usr/bin/env bash
# Set-up, the rules of `make lint` (in a run of everything), one build, the unit tests and the end-to-end tests. All of them run
# even when one fails, so that one run shows everything; the exit status is zero only when all passed.
#
#   Scripts/test.sh [--unit [--filter NAME]] [--e2e [-- PYTEST-ARGUMENTS]]      without either: both
set -euo pipefail
cd "$(dirname "$0")/.."

unit=1 e2e=1 filter=()
while [ $# -gt 0 ]; do
    case "$1" in
        --unit) e2e=0 ;;
        --e2e) unit=0 ;;
        --filter) filter=(--filter "$2"); shift ;;
        --) shift; break ;;
        *) echo "test: unknown option $1" >&2; exit 2 ;;
    esac
    shift
done

Scripts/setup.sh --tests

# Files that git neither tracks nor ignores. A run that adds one has left it behind.
untracked() { git ls-files --others --exclude-standard 2> /dev/null | sort; }
before=$(untracked)

# The clients' environments are downloaded while the compiler works.
clients_log=$(mktemp)
trap 'rm -f "$clients_log"' EXIT
clients=
if [ $e2e = 1 ]; then
    python3 Scripts/clients.py > "$clients_log" 2>&1 &
    clients=$!
fi

if [ $unit = 1 ]; then
    swift build -c release --build-tests --explicit-target-dependency-import-check error
else
    swift build -c release --product save-server --explicit-target-dependency-import-check error
fi

status=0
if [ $unit = 1 ] && [ $e2e = 1 ] && git rev-parse --git-dir > /dev/null 2>&1; then
    Scripts/lint.sh || status=1
fi
if [ $unit = 1 ]; then
    # `swift test` on its own would build again, with other flags (testable imports); this project needs none.
    swift test -c release --skip-build --disable-xctest "${filter[@]}" || status=1
    [ ${#filter[@]} -gt 0 ] || Scripts/docs.sh .build/release || status=1
fi
if [ $e2e = 1 ]; then
    if wait "$clients"; then
        pytest=(.build/venvs/runner/bin/python -m pytest Tests/EndToEnd)
        if [ $# -gt 0 ]; then
            "${pytest[@]}" "$@" || status=1
        else
            # Files of tests run side by side; what measures time or memory comes after them, by itself.
            "${pytest[@]}" --numprocesses 2 --dist loadfile -m "not alone" || status=1
            "${pytest[@]}" -m alone || status=1
        fi
    else
        cat "$clients_log" >&2
        status=1
    fi
fi
left=$(comm -13 <(echo "$before") <(untracked))
[ -z "$left" ] || { echo "test: this run left files behind:" $left >&2; status=1; }
exit $status
