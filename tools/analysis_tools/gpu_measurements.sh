#!/usr/bin/env bash
# Measure on a GPU, part by part: gpu_measurements.sh [FOLDER], by default docs/performance.
# A part whose file is there is left out, so that a second call goes on where the first was stopped;
# a part that fails is told, and the others go on. PARTS='grass scene' chooses some.
# SCRATCH is a folder for data and weights.
# DEVICE=cpu SIZE=tiny tries all of it without a GPU.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(realpath -m "${1:-$root/docs/performance}")
python=${PYTHON:-python}
cd "$root"
failed=()

part() { # NAME FILE ARGUMENTS of Python, of which the last takes the file
    local name=$1 file=$2
    [[ $file == /* ]] || file=$out/$file
    [[ " ${PARTS:-$name} " == *" $name "* ]] || return 0
    if [[ -e $file ]]; then
        echo "$name: $file is there"
        return
    fi
    echo "== $name"
    mkdir -p "$(dirname "$file")"
    "$python" "${@:3}" "$file" || failed+=("$name")
}

steps() { part "$1" "gpu_$1.json" tools/analysis_tools/benchmark.py "${@:2}" --json; }

k=configs/ktda tuned=+bf16+compile often=(--warm-up 3 --repeats 10)
grass=($k/official_step/grass.py $k/grass.py $k/grass.py$tuned $k/grass_fast.py $k/grass_fast.py$tuned)
cloud=($k/official_step/cloud.py $k/cloud.py $k/cloud.py$tuned $k/cloud_fast.py $k/cloud_fast.py$tuned)
grass_size=(--batch-size 8) cloud_size=(--batch-size 2)
replayed=($k/grass.py$tuned $k/grass.py+bf16+graphs $k/grass_fast.py$tuned $k/grass_fast.py+bf16+graphs)
grass_scales=($k/grass.py$tuned $k/grass_fast.py$tuned --batches 4 8 16 32)
cloud_scales=($k/cloud.py$tuned $k/cloud_fast.py$tuned --side 512 --batches 1 2 4 8)
side=3000 counted=($k/cloud.py $k/cloud_fast.py)
if [[ ${DEVICE:-cuda} == cpu ]]; then
    export CUDA_VISIBLE_DEVICES=
fi
if [[ ${SIZE:-full} == tiny ]]; then
    q=configs/quickstart/synthetic.py often=(--warm-up 0 --repeats 1) side=128
    grass=($q) cloud=($q) counted=($q) grass_size=(--batch-size 2 --size 64 64) cloud_size=("${grass_size[@]}")
    replayed=($q+compile $q+graphs) grass_scales=($q --side 64 --batches 2 4 --repeats 1)
    cloud_scales=("${grass_scales[@]}")
fi

part tests tests/gpu.xml -m pytest -q -m gpu tests --junitxml
part environment environment/gpu.json tools/analysis_tools/collect_env.py --json
steps grass train "${grass[@]}" "${grass_size[@]}" "${often[@]}" \
    --title 'Training steps of the grass models'
steps cloud train "${cloud[@]}" "${cloud_size[@]}" "${often[@]}" \
    --title 'Training steps of the cloud models'
steps graphs train "${replayed[@]}" "${grass_size[@]}" "${often[@]}" \
    --title 'Training steps of the grass models, replayed as CUDA graphs'
steps grass_inference infer "${grass[@]}" "${grass_size[@]}" "${often[@]}" \
    --title 'Inference of the grass models'
part counted memory/gpu.json tools/analysis_tools/memory.py "${counted[@]}" "${cloud_size[@]}" --json
part grass_batches scaling/gpu_grass_batches.json tools/analysis_tools/scaling.py "${grass_scales[@]}" --out
part cloud_batches scaling/gpu_cloud_batches.json tools/analysis_tools/scaling.py "${cloud_scales[@]}" --out
scratch=${SCRATCH:-$root/work_dirs/gpu_measurements} q=configs/quickstart/synthetic.py
data=(--cfg-options {train,val}_dataloader.dataset.data_root="$scratch/data")
part data "$scratch/data" tools/prepare_dataset.py synthetic --size $side --train 1 --val 1 --test 1 --out
part model "$scratch/run" tools/train.py $q "${data[@]}" train_cfg.max_iters=2 --work-dir
steps loader train $q "${often[@]}" --dataloader "${data[@]}" \
    --title 'A small model, whose data are read beside'
part scene scenes/gpu.json tools/analysis_tools/benchmark_scene.py $q "$scratch/run/iter_2.pth" \
    "$scratch"/data/img_dir/val/* --overlap 32 --repeats 3 --json
if ((${#failed[@]})); then
    echo "failed: ${failed[*]}" >&2
    exit 1
fi
