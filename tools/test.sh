#!/usr/bin/env bash
# Every check of the project: builds the release with its tests, the tests again under the sanitizers, the fuzzers;
# then one ctest runs them all, with format, tidy and the include arrow. Its summary is the last thing printed.
#   FUZZ_SECONDS=N  how long all fuzzers together run (default 104, two at a time)
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")/.."
tools/install.sh all

stage() {
    local started=$SECONDS
    printf '\n== %s\n' "$*"
    "$@"
    printf '== %d s\n' $((SECONDS - started))
}
quiet=--log-level=WARNING
# Warnings are errors under clang only: GCC 12's optimiser sees overlaps and bounds that aren't there (GCC bug 105651).
stage cmake --preset release $quiet -DSPIKELOOM_TESTS=ON -DSPIKELOOM_WERROR=OFF -DSPIKELOOM_CHECKS=ON
stage cmake --build --preset release
stage cmake --preset asan $quiet -DSPIKELOOM_WERROR=ON -DSPIKELOOM_FUZZ_SECONDS="${FUZZ_SECONDS:-104}"
stage cmake --build --preset asan
stage cmake --preset tsan $quiet -DSPIKELOOM_WERROR=ON
stage cmake --build --preset tsan --target threads_tests
stage ctest --preset release -j 2
