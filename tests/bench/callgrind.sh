#!/bin/sh
# Instructions of the benchmark's networks, a synaptic event, by phase: tests/bench/callgrind.sh [build folder]
# Two runs of different length, so that building and loading cancel out. Valgrind knows no AVX-512: the AVX2 code runs.
set -e
bench=${1:-build/release}/tests/bench/spikeloom_bench
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

count() { # net steps -> total instructions, then those of delivery, update and the step's queueing
    valgrind --tool=callgrind --callgrind-out-file="$out/$1.$2" "$bench" "$1" --steps "$2" --repeat 1 >"$out/log" 2>&1
    callgrind_annotate --threshold=100 "$out/$1.$2" | tr -d ',' | awk '
        / PROGRAM TOTALS/ { total = $1 }
        /deliver16|deliver32/ { deliver += $1 }
        /update_run|update_standard|update_general/ { update += $1 }
        /queue_spikes|count\(|list_spikes/ { queue += $1 }
        END { print total + 0, deliver + 0, update + 0, queue + 0 }'
}

for work in "A32 100 400" "W1 50 150" "W4 50 150" "W5 500 1500"; do
    set -- $work
    count "$1" "$2" >"$out/short"
    short=$(grep -o '[0-9.]* M events' "$out/log" | cut -d' ' -f1)
    count "$1" "$3" >"$out/long"
    long=$(grep -o '[0-9.]* M events' "$out/log" | cut -d' ' -f1)
    paste -d' ' "$out/short" "$out/long" | awk -v net="$1" -v events="$long" -v before="$short" '{
        n = 1e6 * (events - before)
        printf "%-5s %.2f instructions an event: deliver %.2f, update %.2f, queue and count %.2f\n",
               net, ($5 - $1) / n, ($6 - $2) / n, ($7 - $3) / n, ($8 - $4) / n }'
done
