# Everything runs in .venv, which is made on the first call and again when a requirement changes.
# PYTHON names the interpreter to make it with; JOBS is the number of test processes.
PYTHON ?= python3
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
# the site needs neither PyTorch nor the package: an environment of its own
DOCS := .venv-docs
WORK := work_dirs/quickstart
BEST = "$$(ls -t $(WORK)/best_mIoU_iter_*.pth | head -n 1)"
CONFIG := configs/quickstart/synthetic.py
SOURCES := setup.py pyproject.toml $(wildcard requirements/*.txt)

.DEFAULT_GOAL := help
.PHONY: help demo test lint docs clean

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*  ## /\1: /p' $(MAKEFILE_LIST)

demo: $(VENV)/demo data/synthetic_grass  ## train, test and picture a small KTDA model on generated scenes
	$(BIN)/python tools/train.py $(CONFIG) --work-dir $(WORK) --resume
	$(BIN)/python tools/test.py $(CONFIG) $(BEST) --work-dir $(WORK)
	$(BIN)/python tools/analysis_tools/report.py $(CONFIG) $(BEST) --work-dir $(WORK)

test: lint  ## check style, types and layers, then run the tests
	# one thread a process: more would fight for the cores
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS)

lint: $(VENV)/test  ## check style, types and layers
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(DOCS)/made  ## build the documentation site, to site/
	$(DOCS)/bin/mkdocs build --strict

clean:  ## remove the environment and all that was generated
	rm -rf $(VENV) $(DOCS) site build dist *.egg-info ktda_mmseg/.mim data/synthetic_grass $(WORK)

data/synthetic_grass: | $(VENV)/demo
	$(BIN)/python tools/prepare_dataset.py synthetic --out $@

$(VENV)/demo: EXTRAS := onedl,demo
$(VENV)/test: EXTRAS := onedl,demo,hub,raster,timm,vit,csmask,stac,export,serve,labels,cluster,dev
$(VENV)/demo $(VENV)/test: $(SOURCES)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --editable '.[$(EXTRAS)]'
	touch $@

$(DOCS)/made: requirements/docs.txt
	test -x $(DOCS)/bin/python || $(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --requirement $<
	touch $@
