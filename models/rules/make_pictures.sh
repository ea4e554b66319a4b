#!/usr/bin/env bash
# Makes pictures/NAME.svg for every rule of this folder: its learning window, float beside the chip's arithmetic.
#   make_pictures.sh [PROGRAM]      PROGRAM: spikeloom (default: build/release/tools/spikeloom)
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
spikeloom=${1:-$here/../../build/release/tools/spikeloom}
mkdir -p "$here/pictures"

window() {  # RULE [option ...]; float divides wide products as the engine does, so that both curves have one scale
    "$spikeloom" rule window "$here/$1.textproto" --float chip "${@:2}" -o "$here/pictures/$1.svg" > /dev/null
    echo "pictures/$1.svg"
}
window pair_stdp
window triplet_stdp --protocol frequency --stride 20
window reward_stdp --protocol reward --range 200 --stride 10
window homeostasis --protocol frequency --stride 20 --pairs 20 --sign inhibitory
window oja --sign excitatory
window bcm --protocol frequency --stride 20
window pes --protocol reward --reward-by y1 --reward 64 --range 30
window tagging --protocol reward --reward 100 --range 600 --stride 30 --pairs 10 --weight 0
