"""Make cohorts of chest phantoms: DICOM files, a label table, lung masks.

Takes  nothing
Gives  results/simulate/{dataset}/images/, lung_masks/, labels.csv
"""


rule simulate_cohort:
    """Make one cohort of one made-up hospital."""
    output:
        images=directory("results/simulate/{dataset}/images"),
        lung_masks=directory("results/simulate/{dataset}/lung_masks"),
        labels="results/simulate/{dataset}/labels.csv",
    log:
        "logs/simulate_cohort/{dataset}.log",
    benchmark:
        "benchmarks/simulate_cohort/{dataset}.tsv"
    wildcard_constraints:
        dataset=any_of(config["simulate"]),
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("simulate_cohort"),
    shell:
        """
        python -m workflow_scripts.simulate.cohort \
            --recipe {params.recipe:q} \
            --images {output.images:q} \
            --lung-masks {output.lung_masks:q} \
            --labels {output.labels:q} \
            >{log:q} 2>&1
        """
