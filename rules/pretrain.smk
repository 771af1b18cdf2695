"""Make encoders: every arm is a file, be it taken as it is or trained without labels.

Takes  results/prepare/{dataset}/store/, results/prepare/pools/{encoder}.parquet
Gives  results/encoders/{encoder}/encoder.safetensors, encoder.json, training.parquet
"""


rule pretrain_begin:
    """Write an encoder that is taken as it is: random, timm's, or a user's file."""
    input:
        weights=files.weights,
    output:
        encoder="results/encoders/{encoder}/encoder.safetensors",
        card="results/encoders/{encoder}/encoder.json",
        training="results/encoders/{encoder}/training.parquet",
    log:
        "logs/pretrain_begin/{encoder}.log",
    benchmark:
        "benchmarks/pretrain_begin/{encoder}.tsv"
    wildcard_constraints:
        encoder=any_of(names.begun(config)),
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("pretrain_begin"),
    shell:
        """
        python -m workflow_scripts.pretrain.begin \
            --weights {input.weights:q} \
            --recipe {params.recipe:q} \
            --encoder {output.encoder:q} \
            --card {output.card:q} \
            --training {output.training:q} \
            >{log:q} 2>&1
        """


rule pretrain_fit:
    """Train one encoder on without labels.

    That the plan is ready must be so before, but is no reason to train again.
    """
    input:
        ready=ancient("results/prepare/ready.txt"),
        parent=files.parent,
        parent_card=files.parent_card,
        pool="results/prepare/pools/{encoder}.parquet",
        stores=files.pool("results/prepare/{dataset}/store/{shard}.u8"),
        intensities=files.pool("results/prepare/{dataset}/intensity.parquet"),
    output:
        encoder="results/encoders/{encoder}/encoder.safetensors",
        card="results/encoders/{encoder}/encoder.json",
        training="results/encoders/{encoder}/training.parquet",
    log:
        "logs/pretrain_fit/{encoder}.log",
    benchmark:
        "benchmarks/pretrain_fit/{encoder}.tsv"
    wildcard_constraints:
        encoder=any_of(names.trained(config)),
    priority: 10
    conda:
        "../envs/fewray.yaml"
    resources:
        gpu=GPU,
    params:
        recipe=recipe("pretrain_fit"),
    shell:
        """
        python -m workflow_scripts.pretrain.fit \
            --parent {input.parent:q} \
            --parent-card {input.parent_card:q} \
            --pool {input.pool:q} \
            --stores {input.stores:q} \
            --intensities {input.intensities:q} \
            --recipe {params.recipe:q} \
            --encoder {output.encoder:q} \
            --card {output.card:q} \
            --training {output.training:q} \
            >{log:q} 2>&1
        """
