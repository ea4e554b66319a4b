#!/usr/bin/env bash
# Learns handwritten digits on a virtual Loihi 1 without a teacher, names the neurons, and asks for other digits.
#   run.sh [PROGRAM] [NEURONS] [TRAIN] [TEST] [SEEDS] [NEEDED]
#   PROGRAM  spikeloom (default: build/release/tools/spikeloom)
#   NEURONS  how many learn (default 400); TRAIN, TEST: images (8000, 2000); SEEDS: splits (1)
#   NEEDED   exits with 1 if the mean accuracy is less (default 0.75)
#   KEEP=FOLDER in the environment: images and recordings stay there
# The MNIST test images are looked for in $SPIKELOOM_REFERENCE_DATA/mnist, else beside the project; absent: skipped.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
project=$here/../../..
spikeloom=${1:-$project/build/release/tools/spikeloom}
neurons=${2:-400} train=${3:-8000} tests=${4:-2000} seeds=${5:-1} needed=${6:-0.75}
python=/usr/bin/python3  # the system's own: that is where python3-numpy goes
digits=${SPIKELOOM_REFERENCE_DATA:-$project/../shared/data}/mnist
if [ ! -e "$digits/t10k-images-idx3-ubyte.gz" ]; then
    echo "SKIPPED: no MNIST test images in $digits" >&2
    exit 0
fi
if [ -n "${KEEP:-}" ]; then
    out=$KEEP
    mkdir -p "$out"
    rm -f "$out/table"
else
    out=$(mktemp -d)
    trap 'rm -rf "$out"' EXIT
fi

quietly() {
    "$@" > "$out/log" 2>&1 || { cat "$out/log"; exit 1; }
}
show() {  # RECORDING IMAGE SET RATE [option ...]: Poisson spikes, RATE a step where a pixel is white
    quietly "$spikeloom" eval "$out/$2.loom" --data "$out/$3.npz" --encode rate --max-rate "$4" -n 96 \
        -o "$out/$1.h5" --force "${@:5}"
}

sed "s/shape: 400 /shape: $neurons /" "$here/digits.textproto" > "$out/digits.textproto"
quietly "$spikeloom" compile "$out/digits.textproto" --chip loihi1 -o "$out/naive.loom"
named=$((train < 3000 ? train : 3000))  # images by which neurons are named: the last of the training set
echo "$neurons neurons, $train images to learn from (once), the last $named again to name neurons, $tests other images to ask"
for ((seed = 1; seed <= seeds; ++seed)); do
    begin=$SECONDS
    "$python" "$here/split.py" "$digits" --seed "$seed" --train "$train" --test "$tests" --folder "$out"
    show train naive train 0.05 --seed "$seed" --save-image "$out/learned.loom"
    show label learned train 0.1 --seed "$((seed + 1000))" --freeze --first $((train - named))
    show test learned test 0.1 --seed "$seed" --freeze --assign-labels "$out/label.h5"
    "$spikeloom" report "$out/test.h5" --json | "$python" -c '
import json, sys
e = json.load(sys.stdin)["evaluation"]
print("split %s  accuracy %.4f  silent %.4f  %s s" % (
    sys.argv[1], e["correct"] / e["samples"], e["without_decision"] / e["samples"], sys.argv[2]))' \
        "$seed" $((SECONDS - begin)) | tee -a "$out/table"
done
awk -v needed="$needed" '{ sum += $4 } END {
    printf "mean accuracy %.4f\n", sum / NR
    if (sum / NR < needed) { printf "it did not learn: less than %s\n", needed; exit 1 } }' "$out/table"
