"""Divide patients, draw labels, and guard the walls between them.

Takes  results/ingest/{dataset}/
Gives  results/prepare/{dataset}/splits.parquet
       results/prepare/{task}/targets/, order.parquet, draws.parquet
       results/prepare/near.parquet, pools/{encoder}.parquet, leakage.parquet, ready.txt
       results/prepare/pools/{encoder}.targets.parquet, where findings are learnt
"""


rule prepare_splits:
    """Put each patient into one part of the data."""
    input:
        images="results/ingest/{dataset}/images.parquet",
        strata="results/ingest/{dataset}/strata.parquet",
    output:
        splits="results/prepare/{dataset}/splits.parquet",
    log:
        "logs/prepare_splits/{dataset}.log",
    benchmark:
        "benchmarks/prepare_splits/{dataset}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_splits"),
    shell:
        """
        python -m workflow_scripts.prepare.splits \
            --images {input.images:q} \
            --strata {input.strata:q} \
            --recipe {params.recipe:q} \
            --splits {output.splits:q} \
            >{log:q} 2>&1
        """


rule prepare_targets:
    """Say what a task asks of each image of one part: development or test."""
    input:
        images=files.part("results/ingest/{dataset}/images.parquet"),
        labels=files.part("results/ingest/{dataset}/labels.parquet"),
        drawn=files.drawn_tables,
        splits=files.part("results/prepare/{dataset}/splits.parquet"),
    output:
        targets="results/prepare/{task}/targets/{part}.parquet",
    log:
        "logs/prepare_targets/{task}/{part}.log",
    benchmark:
        "benchmarks/prepare_targets/{task}/{part}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_targets"),
    shell:
        """
        python -m workflow_scripts.prepare.targets \
            --images {input.images:q} \
            --labels {input.labels:q} \
            --drawn {input.drawn:q} \
            --splits {input.splits:q} \
            --part {wildcards.part:q} \
            --recipe {params.recipe:q} \
            --targets {output.targets:q} \
            >{log:q} 2>&1
        """


rule prepare_order:
    """Bring the training patients into the order of each draw."""
    input:
        development="results/prepare/{task}/targets/development.parquet",
    output:
        order="results/prepare/{task}/order.parquet",
        classes="results/prepare/{task}/classes.parquet",
    log:
        "logs/prepare_order/{task}.log",
    benchmark:
        "benchmarks/prepare_order/{task}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_order"),
    shell:
        """
        python -m workflow_scripts.prepare.order \
            --development {input.development:q} \
            --recipe {params.recipe:q} \
            --order {output.order:q} \
            --classes {output.classes:q} \
            >{log:q} 2>&1
        """


rule prepare_draw:
    """Draw the patients whose labels may be used, at one budget."""
    input:
        order="results/prepare/{task}/order.parquet",
        classes="results/prepare/{task}/classes.parquet",
    output:
        draw="results/prepare/{task}/draws/{budget}.parquet",
    log:
        "logs/prepare_draw/{task}/{budget}.log",
    benchmark:
        "benchmarks/prepare_draw/{task}/{budget}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_draw"),
    shell:
        """
        python -m workflow_scripts.prepare.draw \
            --order {input.order:q} \
            --classes {input.classes:q} \
            --budget {wildcards.budget:q} \
            --recipe {params.recipe:q} \
            --draw {output.draw:q} \
            >{log:q} 2>&1
        """


rule prepare_draws:
    """Join the draws of all budgets, and see that they are nested."""
    input:
        parts=expand(
            "results/prepare/{{task}}/draws/{budget}.parquet",
            budget=names.budgets(config),
        ),
    output:
        draws="results/prepare/{task}/draws.parquet",
    log:
        "logs/prepare_draws/{task}.log",
    benchmark:
        "benchmarks/prepare_draws/{task}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_draws"),
    shell:
        """
        python -m workflow_scripts.prepare.draws \
            --parts {input.parts:q} \
            --recipe {params.recipe:q} \
            --draws {output.draws:q} \
            >{log:q} 2>&1
        """


rule prepare_near:
    """Find images of all datasets that show the same picture."""
    input:
        fingerprints=files.each("results/ingest/{dataset}/fingerprints.parquet"),
    output:
        near="results/prepare/near.parquet",
    log:
        "logs/prepare_near.log",
    benchmark:
        "benchmarks/prepare_near.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_near"),
    shell:
        """
        python -m workflow_scripts.prepare.near \
            --fingerprints {input.fingerprints:q} \
            --recipe {params.recipe:q} \
            --near {output.near:q} \
            >{log:q} 2>&1
        """


rule prepare_pool:
    """List the images that an encoder is pretrained on: no test patient among them."""
    input:
        images=files.pool("results/ingest/{dataset}/images.parquet"),
        rows=files.pool("results/prepare/{dataset}/store/images.parquet"),
        splits=files.pool("results/prepare/{dataset}/splits.parquet"),
        fingerprints=files.pool("results/ingest/{dataset}/fingerprints.parquet"),
        wall_images=files.walls("results/ingest/{dataset}/images.parquet"),
        wall_splits=files.walls("results/prepare/{dataset}/splits.parquet"),
        wall_fingerprints=files.walls("results/ingest/{dataset}/fingerprints.parquet"),
    output:
        pool="results/prepare/pools/{encoder}.parquet",
    log:
        "logs/prepare_pool/{encoder}.log",
    benchmark:
        "benchmarks/prepare_pool/{encoder}.tsv"
    wildcard_constraints:
        encoder=any_of(names.trained(config)),
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_pool"),
    shell:
        """
        python -m workflow_scripts.prepare.pool \
            --images {input.images:q} \
            --rows {input.rows:q} \
            --splits {input.splits:q} \
            --fingerprints {input.fingerprints:q} \
            --wall-images {input.wall_images:q} \
            --wall-splits {input.wall_splits:q} \
            --wall-fingerprints {input.wall_fingerprints:q} \
            --recipe {params.recipe:q} \
            --pool {output.pool:q} \
            >{log:q} 2>&1
        """


rule prepare_pool_targets:
    """Say what an encoder that learns labels is told of the images of its pool."""
    input:
        pool="results/prepare/pools/{encoder}.parquet",
        labels=files.pool("results/ingest/{dataset}/labels.parquet"),
    output:
        targets="results/prepare/pools/{encoder}.targets.parquet",
    log:
        "logs/prepare_pool_targets/{encoder}.log",
    benchmark:
        "benchmarks/prepare_pool_targets/{encoder}.tsv"
    wildcard_constraints:
        encoder=any_of(files.taught()),
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_pool_targets"),
    shell:
        """
        python -m workflow_scripts.prepare.pool_targets \
            --pool {input.pool:q} \
            --labels {input.labels:q} \
            --recipe {params.recipe:q} \
            --targets {output.targets:q} \
            >{log:q} 2>&1
        """


rule prepare_leakage:
    """Look for one person or picture on both sides of a wall."""
    input:
        images=files.each("results/ingest/{dataset}/images.parquet"),
        splits=files.each("results/prepare/{dataset}/splits.parquet"),
        near="results/prepare/near.parquet",
        pools=expand(
            "results/prepare/pools/{encoder}.parquet",
            encoder=names.trained(config),
        ),
    output:
        leakage="results/prepare/leakage.parquet",
    log:
        "logs/prepare_leakage.log",
    benchmark:
        "benchmarks/prepare_leakage.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_leakage"),
    shell:
        """
        python -m workflow_scripts.prepare.leakage \
            --images {input.images:q} \
            --splits {input.splits:q} \
            --near {input.near:q} \
            --pools {input.pools:q} \
            --recipe {params.recipe:q} \
            --leakage {output.leakage:q} \
            >{log:q} 2>&1
        """


rule prepare_ready:
    """Let long work begin: no wall leaks, and every budget can be drawn."""
    input:
        leakage="results/prepare/leakage.parquet",
        draws=expand("results/prepare/{task}/draws.parquet", task=config["tasks"]),
    output:
        ready="results/prepare/ready.txt",
    log:
        "logs/prepare_ready.log",
    benchmark:
        "benchmarks/prepare_ready.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_ready"),
    shell:
        """
        python -m workflow_scripts.prepare.ready \
            --leakage {input.leakage:q} \
            --draws {input.draws:q} \
            --recipe {params.recipe:q} \
            --ready {output.ready:q} \
            >{log:q} 2>&1
        """
