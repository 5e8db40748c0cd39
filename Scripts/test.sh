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

# What failed is said once more at the end, where a reader of a long run looks first.
failed=()
run() {
    local name=$1
    shift
    "$@" || failed+=("$name")
}

# The clients' environments are downloaded while the compiler works.
clients_log=$(mktemp) unit_log=$(mktemp)
trap 'rm -f "$clients_log" "$unit_log"' EXIT
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

if [ $unit = 1 ] && [ $e2e = 1 ] && git rev-parse --git-dir > /dev/null 2>&1; then
    run "lint" Scripts/lint.sh
fi

# `swift test` on its own would build again, with other flags (testable imports); this project needs none. All tests begin at
# once by default, and those that wait for a deadline then wait for the processor of a thousand others.
unit_tests() {
    swift test -c release --skip-build --disable-xctest --experimental-maximum-parallelization-width 6 "${filter[@]}" 2>&1 |
        tee "$unit_log"
}
if [ $unit = 1 ]; then
    run "unit tests" unit_tests
    [ ${#filter[@]} -gt 0 ] || run "docs" Scripts/docs.sh .build/release
fi
if [ $e2e = 1 ]; then
    if wait "$clients"; then
        pytest=(.build/venvs/runner/bin/python -m pytest Tests/EndToEnd)
        if [ $# -gt 0 ]; then
            run "end-to-end tests" "${pytest[@]}" "$@"
        else
            # Files of tests run side by side; what measures time or memory comes after them, by itself.
            run "end-to-end tests" "${pytest[@]}" --numprocesses 2 --dist loadfile -m "not alone"
            run "end-to-end tests that run alone" "${pytest[@]}" -m alone
        fi
    else
        cat "$clients_log" >&2
        failed+=("the clients' environments")
    fi
fi
left=$(comm -13 <(echo "$before") <(untracked))
[ -z "$left" ] || failed+=("files left behind: $(echo $left)")
[ ${#failed[@]} -gt 0 ] || exit 0
# The unit tests ran before the others: their failures have scrolled away.
grep -aE '^✘ (Test .* recorded an issue|Test run)|^error: |Fatal error' "$unit_log" | tail -n 20 || true
printf 'test: failed: %s\n' "${failed[@]}"
exit 1
