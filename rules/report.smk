"""Write the page that a physician and a reviewer can read.

Takes  the tables of all stages
Gives  results/report/index.html, and every table behind it as CSV
"""


rule report_page:
    """Write the page and its tables."""
    input:
        metrics=expand("results/evaluate/{task}/metrics.parquet", task=config["tasks"]),
        comparisons=expand(
            "results/evaluate/{task}/comparisons.parquet", task=config["tasks"]
        ),
        efficiency=expand(
            "results/evaluate/{task}/efficiency.parquet", task=config["tasks"]
        ),
        targets=expand(
            "results/prepare/{task}/targets/{part}.parquet",
            task=config["tasks"],
            part=["development", "test"],
        ),
        ledgers=files.each("results/ingest/{dataset}/ledger.parquet"),
        counts=files.each("results/ingest/{dataset}/counts.parquet"),
        images=files.each("results/ingest/{dataset}/images.parquet"),
        splits=files.each("results/prepare/{dataset}/splits.parquet"),
        stores=files.shown("results/prepare/{dataset}/store/{shard}.u8"),
        rows=files.each("results/prepare/{dataset}/store/images.parquet"),
        intensities=files.each("results/prepare/{dataset}/intensity.parquet"),
        dice=files.lung_dice(),
        shortcuts=expand(
            "results/evaluate/{task}/shortcuts.parquet", task=config["tasks"]
        ),
        leakage="results/prepare/leakage.parquet",
        cards=expand(
            "results/encoders/{encoder}/encoder.json", encoder=config["encoders"]
        ),
        training=expand(
            "results/encoders/{encoder}/training.parquet", encoder=config["encoders"]
        ),
        pools=expand(
            "results/prepare/pools/{encoder}.parquet", encoder=names.trained(config)
        ),
    output:
        page="results/report/index.html",
        tables=directory("results/report/tables"),
    log:
        "logs/report_page.log",
    benchmark:
        "benchmarks/report_page.tsv"
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("report_page"),
    shell:
        """
        python -m workflow_scripts.report.page \
            --metrics {input.metrics:q} \
            --comparisons {input.comparisons:q} \
            --efficiency {input.efficiency:q} \
            --targets {input.targets:q} \
            --ledgers {input.ledgers:q} \
            --counts {input.counts:q} \
            --images {input.images:q} \
            --splits {input.splits:q} \
            --stores {input.stores:q} \
            --rows {input.rows:q} \
            --intensities {input.intensities:q} \
            --dice {input.dice:q} \
            --shortcuts {input.shortcuts:q} \
            --leakage {input.leakage:q} \
            --cards {input.cards:q} \
            --training {input.training:q} \
            --pools {input.pools:q} \
            --recipe {params.recipe:q} \
            --page {output.page:q} \
            --tables {output.tables:q} \
            >{log:q} 2>&1
        """
