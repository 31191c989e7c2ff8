#!/usr/bin/env bash
# Train with Slurm: slurm_train.sh PARTITION JOB_NAME CONFIG [options of train.py]; see srun.sh
set -euo pipefail
[ $# -ge 3 ] || { sed -n 2p "$0" >&2; exit 2; }
exec "$(dirname "$0")/srun.sh" train.py "$@"
