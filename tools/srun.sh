#!/usr/bin/env bash
# Start a tool through Slurm: srun.sh TOOL PARTITION JOB_NAME [arguments of the tool]
# Set GPUS (4), GPUS_PER_NODE (4), CPUS_PER_TASK (5) and SRUN_ARGS to change what is asked for.
set -euo pipefail
tool=$1 partition=$2 job=$3
shift 3
# SRUN_ARGS is a list of words
# shellcheck disable=SC2086
exec srun --partition="$partition" --job-name="$job" \
    --ntasks="${GPUS:-4}" --ntasks-per-node="${GPUS_PER_NODE:-4}" \
    --gres="gpu:${GPUS_PER_NODE:-4}" --cpus-per-task="${CPUS_PER_TASK:-5}" \
    --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
    "${PYTHON:-python}" -u "$(dirname "$0")/$tool" "$@" --launcher slurm
