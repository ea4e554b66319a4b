#!/usr/bin/env python3
"""Fails on an #include against the arrow between the folders.

    core/base <- core/files, core/rules <- (all)      core/base <- core, router; router <- chip/spec + chip/image
    chip/spec, chip/image <- compiler     core, router, chip/spec, chip/image <- chip <- runtime
    compiler, runtime <- tools

usage: include_arrow.py SOURCE_FOLDER | --self-test
"""

import pathlib
import re
import sys
import tempfile

# What each part may include besides itself; the longest prefix of a file's path is its part.
ALLOWED = {
    "core/base": set(),
    "core/files": {"core/base"},
    "core/rules": {"core/base", "core/files"},
    "core/ppu": {"core/base", "core/files"},
    "core": {"core/base", "core/files", "core/rules"},
    "router": {"core/base"},
    "chip/spec": {"core/base", "core/files", "core/rules", "router", "chip/image"},
    "chip/image": {"core/base", "core/files", "core/rules", "router", "chip/spec"},
    "chip": {"core/base", "core/files", "core/rules", "core/ppu", "core", "router", "chip/spec", "chip/image"},
    "compiler": {"core/base", "core/files", "core/rules", "router", "chip/spec", "chip/image"},
    "runtime": {"core/base", "core/files", "core/rules", "core/ppu", "core", "router", "chip/spec", "chip/image", "chip"},
    "tools": {"core/base", "core/files", "core/rules", "core/ppu", "router", "chip/spec", "chip/image", "chip", "compiler", "runtime"},
}
SUFFIXES = {".hpp", ".cpp", ".h", ".cc", ".inc"}
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]')


def part_of(path):
    fits = [part for part in ALLOWED if path == part or path.startswith(part + "/")]
    return max(fits, key=len, default=None)


def violations(root):
    """(file, line, text) of every include against the arrow, and of every include of ours that leads nowhere."""
    found = []
    for folder in sorted({part.split("/")[0] for part in ALLOWED}):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix not in SUFFIXES:
                continue
            name = file.relative_to(root).as_posix()
            part = part_of(name)
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                include = INCLUDE.match(line)
                if not include:
                    continue
                target = part_of(include.group(1))
                if target is not None and target != part and target not in ALLOWED[part]:
                    found.append((name, number, f"{part} must not include {include.group(1)} of {target}"))
                if '"' in line and target is None:
                    found.append((name, number, f"{include.group(1)}: includes start at the project's root"))
    return found


def self_test():
    planted = {
        "compiler/passes/a.cpp": ('#include "chip/chip.hpp"', True),
        "compiler/passes/b.cpp": ('#include "chip/image/image.hpp"', False),
        "runtime/a.hpp": ('  #  include "compiler/network.hpp"', True),
        "runtime/b.hpp": ('#include "chip/cost.hpp"', False),
        "core/base/a.hpp": ('#include "core/core.hpp"', True),
        "core/a.hpp": ('#include "core/base/ids.hpp"', False),
        "router/a.hpp": ("#include <core/core.hpp>", True),
        "chip/spec/a.cpp": ('#include "chip/chip.hpp"', True),
        "tools/a.cpp": ('#include "compiler/compile.hpp"', False),
        "tools/b.cpp": ('#include "command_line.hpp"', True),
    }
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, (text, _) in planted.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("// a file\n" + text + "\n", encoding="utf-8")
        found = {(name, number) for name, number, _ in violations(root)}
    expected = {(name, 2) for name, (_, wrong) in planted.items() if wrong}
    if found != expected:
        sys.exit(f"planted {sorted(expected)}, found {sorted(found)}")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--self-test":
        self_test()
        return
    found = violations(pathlib.Path(sys.argv[1]))
    for name, number, text in found:
        print(f"{name}:{number}: {text}")
    if found:
        sys.exit(1)


if __name__ == "__main__":
    main()
