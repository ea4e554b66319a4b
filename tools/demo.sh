#!/usr/bin/env bash
# From a trained net to a report: installs what is missing, builds the program, lets the bundled Yin-Yang classifier
# run on a virtual Loihi 1, and writes build/demo/report.html.
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")/.."
tools/install.sh build

cmake --preset release -DSPIKELOOM_TESTS=OFF --log-level=WARNING
cmake --build --preset release --target spikeloom

spikeloom=build/release/tools/spikeloom
net=models/networks/yinyang
out=build/demo
mkdir -p "$out"

step() {
    printf '\n$ %s\n' "$*"
    "$@"
}
step $spikeloom compile $net/yinyang.nir --chip loihi1 -o $out/yinyang.loom
step $spikeloom eval $out/yinyang.loom --data $net/yinyang_test.npz --gap \
    -o $out/yinyang.h5 --force
step $spikeloom report $out/yinyang.h5
step $spikeloom report $out/yinyang.h5 -o $out/report.html
echo
echo "The page: file://$PWD/$out/report.html"
