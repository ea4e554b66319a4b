#!/usr/bin/env bash
# Learns spike patterns on a virtual Loihi 1, without a teacher, and tells whether it did: exits with 1 if not.
#   run.sh [PROGRAM] [SEEDS]      PROGRAM: spikeloom (default: build/release/tools/spikeloom); SEEDS: how many (default 5)
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
spikeloom=${1:-$here/../../../build/release/tools/spikeloom}
seeds=${2:-5}
python=/usr/bin/python3  # the system's own: that is where python3-numpy goes
needed=0.80  # of the presentations, mean over the seeds; chance is 0.25
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

evaluate() {  # RECORDING IMAGE SET [option ...]
    "$spikeloom" eval "$2" --data "$out/$3.npz" -o "$out/$1.h5" --force "${@:4}" > "$out/log" 2>&1 || { cat "$out/log"; exit 1; }
}
accuracy() {  # IMAGE: neurons are named after 100 presentations, 200 others are asked
    evaluate label "$1" label --freeze
    evaluate test "$1" test --freeze --assign-labels "$out/label.h5"
    "$spikeloom" report "$out/test.h5" --json |
        "$python" -c 'import json, sys; e = json.load(sys.stdin)["evaluation"]; print(e["correct"] / e["samples"])'
}

"$spikeloom" compile "$here/patterns.textproto" --chip loihi1 -o "$out/naive.loom" > "$out/log" 2>&1 || { cat "$out/log"; exit 1; }
echo "seed  before  after 500 presentations"
for ((seed = 1; seed <= seeds; ++seed)); do
    "$python" "$here/make_patterns.py" --seed "$seed" --folder "$out"
    before=$(accuracy "$out/naive.loom")
    evaluate train "$out/naive.loom" train --seed "$seed" --save-image "$out/learned.loom"
    after=$(accuracy "$out/learned.loom")
    printf '%4d  %6.3f  %.3f\n' "$seed" "$before" "$after" | tee -a "$out/table"
done
awk -v needed="$needed" '{ before += $2; after += $3 } END {
    printf "mean  %6.3f  %.3f\n", before / NR, after / NR
    if (after / NR < needed) { printf "it did not learn: less than %s\n", needed; exit 1 } }' "$out/table"
