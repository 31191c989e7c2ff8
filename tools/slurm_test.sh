#!/usr/bin/env bash
# Test with Slurm: slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [options of test.py]; see srun.sh
set -euo pipefail
[ $# -ge 4 ] || { sed -n 2p "$0" >&2; exit 2; }
exec "$(dirname "$0")/srun.sh" test.py "$@"
