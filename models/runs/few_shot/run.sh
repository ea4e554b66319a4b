#!/usr/bin/env bash
# Learns digits that the network has never seen from 1 and from 5 examples, on a virtual Loihi 1 and in floating point.
#   run.sh [PROGRAM] [EPISODES]     PROGRAM: spikeloom (default: build/release/tools/spikeloom); EPISODES: default 50
# The MNIST test images are looked for in $SPIKELOOM_REFERENCE_DATA/mnist, else beside the project; absent: skipped.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
project=$here/../../..
spikeloom=${1:-$project/build/release/tools/spikeloom}
digits=${SPIKELOOM_REFERENCE_DATA:-$project/../shared/data}/mnist
if [ ! -e "$digits/t10k-images-idx3-ubyte.gz" ]; then
    echo "SKIPPED: no MNIST test images in $digits" >&2
    exit 0
fi
/usr/bin/python3 "$here/few_shot.py" "$spikeloom" "$digits" --episodes "${2:-50}" --needed 0.75
