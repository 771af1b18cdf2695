"""Chest X-rays: files -> pictures -> store -> encoders -> classifiers -> report."""

from snakemake.utils import min_version

min_version("9.0")


if (
    not workflow.overwrite_configfiles
):  # a config of the user replaces ours, never mixes

    configfile: workflow.source_path("config.yaml")


include: "rules/common.smk"
include: "rules/simulate.smk"
include: "rules/ingest.smk"
include: "rules/prepare_pixels.smk"
include: "rules/prepare.smk"
include: "rules/pretrain.smk"
include: "rules/finetune.smk"
include: "rules/evaluate.smk"
include: "rules/report.smk"


localrules:
    all,
    verify,
    predict,


rule all:
    default_target: True
    input:
        "results/report/index.html",
        expand("results/prepare/{task}/draws.parquet", task=config["tasks"]),
        expand("results/ingest/{dataset}/labels.parquet", dataset=files.datasets()),


rule verify:
    input:
        expand("results/ingest/{dataset}/verified.parquet", dataset=files.datasets()),


rule predict:
    input:
        files.predictions,
