"""Make encoders: every arm is a file, be it taken as it is or trained without labels.

Takes  results/prepare/{dataset}/store/, results/prepare/pools/{encoder}.parquet
Gives  results/encoders/{encoder}/encoder.safetensors, encoder.json, training.parquet
"""


rule pretrain_fetch:
    """Fetch the weights that an encoder begins with from their address."""
    output:
        weights="results/encoders/{encoder}/fetched.weights",
    log:
        "logs/pretrain_fetch/{encoder}.log",
    benchmark:
        "benchmarks/pretrain_fetch/{encoder}.tsv"
    wildcard_constraints:
        encoder=any_of(names.fetched(config)),
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("pretrain_fetch"),
    shell:
        """
        python -m workflow_scripts.pretrain.fetch \
            --recipe {params.recipe:q} \
            --weights {output.weights:q} \
            >{log:q} 2>&1
        """


rule pretrain_begin:
    """Write an encoder that is taken as it is: random, timm's, or a user's weights."""
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
    """Train one encoder on. It takes the shell's place, so that it hears signals.

    That the plan is ready must be so before, but is no reason to train again.
    """
    input:
        ready=ancient("results/prepare/ready.txt"),
        parent=files.parent,
        parent_card=files.parent_card,
        pool="results/prepare/pools/{encoder}.parquet",
        targets=files.pool_targets,
        stores=files.pool("results/prepare/{dataset}/store/{shard}.u8"),
        intensities=files.pool("results/prepare/{dataset}/intensity.parquet"),
        watched=files.watched("results/prepare/{task}/targets/development.parquet"),
        watched_stores=files.watched("results/prepare/{dataset}/store/{shard}.u8"),
        watched_rows=files.watched("results/prepare/{dataset}/store/images.parquet"),
    output:
        encoder="results/encoders/{encoder}/encoder.safetensors",
        card="results/encoders/{encoder}/encoder.json",
        training="results/encoders/{encoder}/training.parquet",
        events="results/encoders/{encoder}/events.out.tfevents.training",
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
        gpu=gpus,
    params:
        recipe=recipe("pretrain_fit"),
    shell:
        """
        exec python -m workflow_scripts.pretrain.fit \
            --parent {input.parent:q} \
            --parent-card {input.parent_card:q} \
            --pool {input.pool:q} \
            --targets {input.targets:q} \
            --stores {input.stores:q} \
            --intensities {input.intensities:q} \
            --watched {input.watched:q} \
            --watched-stores {input.watched_stores:q} \
            --watched-rows {input.watched_rows:q} \
            --recipe {params.recipe:q} \
            --encoder {output.encoder:q} \
            --card {output.card:q} \
            --training {output.training:q} \
            --events {output.events:q} \
            >{log:q} 2>&1
        """
