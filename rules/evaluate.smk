"""Turn predictions into numbers with intervals, comparisons, and labels needed.

Takes  results/finetune/{task}/{encoder}/{protocol}/predictions.parquet
Gives  results/evaluate/{task}/metrics, comparisons, efficiency .parquet
"""


rule evaluate_metrics:
    """Measure every classifier, and again on resampled patients."""
    input:
        leakage="results/prepare/leakage.parquet",
        predictions=files.arms(
            "results/finetune/{task}/{encoder}/{protocol}/predictions.parquet"
        ),
        selections=files.arms(
            "results/finetune/{task}/{encoder}/{protocol}/{budget}/selection.parquet"
        ),
    output:
        metrics="results/evaluate/{task}/metrics.parquet",
        resamples="results/evaluate/{task}/resamples.npy",
    log:
        "logs/evaluate_metrics/{task}.log",
    benchmark:
        "benchmarks/evaluate_metrics/{task}.tsv"
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("evaluate_metrics"),
    shell:
        """
        python -m workflow_scripts.evaluate.metrics \
            --leakage {input.leakage:q} \
            --predictions {input.predictions:q} \
            --selections {input.selections:q} \
            --recipe {params.recipe:q} \
            --metrics {output.metrics:q} \
            --resamples {output.resamples:q} \
            >{log:q} 2>&1
        """


rule evaluate_comparisons:
    """Compare every encoder with the baseline, on the same patients and draws."""
    input:
        metrics="results/evaluate/{task}/metrics.parquet",
        resamples="results/evaluate/{task}/resamples.npy",
    output:
        comparisons="results/evaluate/{task}/comparisons.parquet",
    log:
        "logs/evaluate_comparisons/{task}.log",
    benchmark:
        "benchmarks/evaluate_comparisons/{task}.tsv"
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("evaluate_comparisons"),
    shell:
        """
        python -m workflow_scripts.evaluate.comparisons \
            --metrics {input.metrics:q} \
            --resamples {input.resamples:q} \
            --recipe {params.recipe:q} \
            --comparisons {output.comparisons:q} \
            >{log:q} 2>&1
        """


rule evaluate_efficiency:
    """Find how many labels each encoder needs to reach a score."""
    input:
        metrics="results/evaluate/{task}/metrics.parquet",
        resamples="results/evaluate/{task}/resamples.npy",
    output:
        efficiency="results/evaluate/{task}/efficiency.parquet",
    log:
        "logs/evaluate_efficiency/{task}.log",
    benchmark:
        "benchmarks/evaluate_efficiency/{task}.tsv"
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("evaluate_efficiency"),
    shell:
        """
        python -m workflow_scripts.evaluate.efficiency \
            --metrics {input.metrics:q} \
            --resamples {input.resamples:q} \
            --recipe {params.recipe:q} \
            --efficiency {output.efficiency:q} \
            >{log:q} 2>&1
        """


rule evaluate_audit:
    """See how far trivial models get on what should not tell."""
    input:
        leakage="results/prepare/leakage.parquet",
        development="results/prepare/{task}/targets/development.parquet",
        test="results/prepare/{task}/targets/test.parquet",
        images=files.part("results/ingest/{dataset}/images.parquet"),
        rows=files.part("results/prepare/{dataset}/store/images.parquet"),
        stores=files.part("results/prepare/{dataset}/store/{shard}.u8"),
        lungs=files.part("results/prepare/{dataset}/store/{shard}.lungs"),
    output:
        shortcuts="results/evaluate/{task}/shortcuts.parquet",
    log:
        "logs/evaluate_audit/{task}.log",
    benchmark:
        "benchmarks/evaluate_audit/{task}.tsv"
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("evaluate_audit"),
    shell:
        """
        python -m workflow_scripts.evaluate.audit \
            --leakage {input.leakage:q} \
            --development {input.development:q} \
            --test {input.test:q} \
            --images {input.images:q} \
            --rows {input.rows:q} \
            --stores {input.stores:q} \
            --lungs {input.lungs:q} \
            --recipe {params.recipe:q} \
            --shortcuts {output.shortcuts:q} \
            >{log:q} 2>&1
        """
