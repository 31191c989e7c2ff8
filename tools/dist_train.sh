#!/usr/bin/env bash
# Train on several GPUs: dist_train.sh CONFIG GPUS [options of train.py]; see torchrun.sh
set -euo pipefail
[ $# -ge 2 ] || { sed -n 2p "$0" >&2; exit 2; }
exec "$(dirname "$0")/torchrun.sh" "$2" train.py "$1" "${@:3}"
