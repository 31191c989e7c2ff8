#!/usr/bin/env bash
# Start a tool in one process per GPU: torchrun.sh GPUS TOOL [arguments of the tool]
# Several machines: set NNODES, NODE_RANK and MASTER_ADDR; another port: PORT.
set -euo pipefail
gpus=$1 tool=$2
shift 2
exec "${PYTHON:-python}" -m torch.distributed.run \
    --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
    --nproc_per_node="$gpus" "$(dirname "$0")/$tool" "$@" --launcher pytorch
