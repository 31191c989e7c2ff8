# Everything runs in .venv, which is made on the first call and again when a requirement changes.
# PYTHON names the interpreter to make it with; JOBS is the number of test processes.
# STACK=openmmlab tests in .venv-openmmlab, beside OpenMMLab's original packages.
PYTHON ?= python3
JOBS ?= 2
STACK ?= onedl
VENV := $(if $(filter openmmlab,$(STACK)),.venv-openmmlab,.venv)
BIN := $(VENV)/bin
MMCV := $(VENV)/mmcv
# the site needs neither PyTorch nor the package: an environment of its own
DOCS := .venv-docs
WORK := work_dirs/quickstart
BEST = "$$(ls -t $(WORK)/best_mIoU_iter_*.pth | head -n 1)"
CONFIG := configs/quickstart/synthetic.py
# a module is compiled when it is first imported, and not again: most of what is installed never is
unexport PYTHONDONTWRITEBYTECODE
SOURCES := setup.py pyproject.toml $(wildcard requirements/*.txt)

.DEFAULT_GOAL := help
.PHONY: help demo test lint openmmlab docs clean

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*  ## /\1: /p' $(MAKEFILE_LIST)

demo: $(VENV)/demo data/synthetic_grass  ## train, test and picture a small KTDA model on generated scenes
	$(BIN)/python tools/train.py $(CONFIG) --work-dir $(WORK) --resume
	$(BIN)/python tools/test.py $(CONFIG) $(BEST) --work-dir $(WORK)
	$(BIN)/python tools/analysis_tools/report.py $(CONFIG) $(BEST) --work-dir $(WORK)

test: lint  ## check style, types and layers, then run the tests
	# one thread a process: more would fight for the cores
	# a file stays in one of them, which makes what its tests share once
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

lint: $(VENV)/test  ## check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

openmmlab:  ## make .venv-openmmlab with OpenMMLab's original packages; compiles mmcv
	$(MAKE) STACK=openmmlab .venv-openmmlab/ops

docs: $(DOCS)/made  ## build the documentation site, to site/
	$(DOCS)/bin/mkdocs build --strict

clean:  ## remove the environments and all that was generated
	rm -rf .venv .venv-openmmlab $(DOCS) site build dist *.egg-info ktda_mmseg/.mim data/synthetic_grass $(WORK)

data/synthetic_grass: | $(VENV)/demo
	$(BIN)/python tools/prepare_dataset.py synthetic --out $@

TESTED := demo,hub,raster,timm,vit,csmask,stac,export,serve,labels,cluster,dev
.venv/demo: EXTRAS := onedl,demo
.venv/test: EXTRAS := onedl,$(TESTED)
.venv/test: MIM := 'onedl-mim>=0.5.1'
.venv/demo .venv/test: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --no-compile --editable '.[$(EXTRAS)]' $(MIM)
	touch $@

# mmcv's build needs torch, and a setuptools that still has pkg_resources
.venv-openmmlab/torch:
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install 'setuptools<80' wheel ninja torch torchvision
	touch $@

.venv-openmmlab/ops: .venv-openmmlab/torch $(SOURCES)
	$(BIN)/python -m pip uninstall --yes mmcv-lite
	# its setup asks for a C++ that is too old for the newest torch, which names its own if none is asked for
	$(BIN)/python -m pip download --no-deps --no-build-isolation --no-binary mmcv --dest $(MMCV) mmcv==2.1.0
	tar --directory $(MMCV) --extract --strip-components 1 --file $(MMCV)/mmcv-2.1.0.tar.gz
	sed -i "s/'-std=c++1[47]'//" $(MMCV)/setup.py
	$(BIN)/python -m pip install --no-build-isolation $(MMCV)
	$(BIN)/python -m pip install --no-build-isolation --editable '.[openmmlab,timm]'
	touch $@

# without `make openmmlab`, mmcv's Python code alone; openmim by itself, as what it names pins old setuptools
.venv-openmmlab/test: .venv-openmmlab/torch $(SOURCES) tests/data/mmcv_ext.py
	test -e $(VENV)/ops || { $(BIN)/python -m pip install mmcv-lite==2.1.0 && \
	  cp tests/data/mmcv_ext.py "$$(echo $(VENV)/lib/python3*/site-packages/mmcv)/_ext.py"; }
	grep -v ^mmcv requirements/openmmlab.txt | $(BIN)/python -m pip install --requirement /dev/stdin
	$(BIN)/python -m pip install --no-build-isolation --editable '.[$(TESTED)]'
	$(BIN)/python -m pip install click colorama pandas requests tabulate
	$(BIN)/python -m pip install --no-deps openmim==0.3.9
	$(BIN)/python setup.py --quiet egg_info
	touch $@

$(DOCS)/made: requirements/docs.txt
	test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --requirement $<
	touch $@
