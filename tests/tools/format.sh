#!/usr/bin/env bash
# Fails where clang-format would change a source file. usage: format.sh CLANG_FORMAT SOURCE_FOLDER
set -euo pipefail
cd "$2"
find core router chip compiler runtime tools tests \( -name '*.cpp' -o -name '*.hpp' \) -print0 |
    xargs -0 "$1" --dry-run --Werror
