#!/usr/bin/env bash
# Test on several GPUs: dist_test.sh CONFIG CHECKPOINT GPUS [options of test.py]; see torchrun.sh
set -euo pipefail
[ $# -ge 3 ] || { sed -n 2p "$0" >&2; exit 2; }
exec "$(dirname "$0")/torchrun.sh" "$3" test.py "$1" "$2" "${@:4}"
