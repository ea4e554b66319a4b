#!/usr/bin/env bash
# Fails where clang-tidy finds fault with a source file of the program that the compilation database knows (generated code
# and tests left out).
# usage: tidy.sh RUN_CLANG_TIDY CLANG_TIDY BUILD_FOLDER SOURCE_FOLDER
set -euo pipefail
output=$("$1" -quiet -clang-tidy-binary "$2" -p "$3" -j "$(nproc)" \
    "^$4/(core|router|chip|compiler|runtime|tools)/" 2>&1) && exit 0
grep -E '(error|warning|note):' <<<"$output" | sort -u
exit 1
