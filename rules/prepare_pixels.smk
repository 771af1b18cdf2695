"""Find the lungs in every picture, and make equal images of them.

Takes  results/ingest/{dataset}/, results/prepare/{dataset}/splits.parquet
Gives  results/prepare/{dataset}/lungs/, store/, intensity.parquet
       results/prepare/lung_finder/
"""


rule prepare_lung_examples:
    """Set pictures with drawn lungs aside to teach and to test the lung finder."""
    input:
        index="results/ingest/{dataset}/pixels.parquet",
        images="results/ingest/{dataset}/images.parquet",
        splits="results/prepare/{dataset}/splits.parquet",
        wall_images=files.beside("results/ingest/{dataset}/images.parquet"),
        wall_splits=files.beside("results/prepare/{dataset}/splits.parquet"),
        pixels=files.each_shard("results/ingest/{dataset}/pixels/{shard}.u8"),
        lung_masks=files.each_shard("results/ingest/{dataset}/lung_masks/{shard}.u8"),
    output:
        examples="results/prepare/{dataset}/lung_examples.u8",
        listed="results/prepare/{dataset}/lung_examples.parquet",
    log:
        "logs/prepare_lung_examples/{dataset}.log",
    benchmark:
        "benchmarks/prepare_lung_examples/{dataset}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_lung_examples"),
    shell:
        """
        python -m workflow_scripts.prepare.lung_examples \
            --index {input.index:q} \
            --images {input.images:q} \
            --splits {input.splits:q} \
            --wall-images {input.wall_images:q} \
            --wall-splits {input.wall_splits:q} \
            --pixels {input.pixels:q} \
            --lung-masks {input.lung_masks:q} \
            --recipe {params.recipe:q} \
            --examples {output.examples:q} \
            --listed {output.listed:q} \
            >{log:q} 2>&1
        """


rule prepare_lung_finder:
    """Train the network that finds lungs, on the drawn lungs of all datasets."""
    input:
        examples=files.teachers("results/prepare/{dataset}/lung_examples.u8"),
        listed=files.teachers("results/prepare/{dataset}/lung_examples.parquet"),
    output:
        network="results/prepare/lung_finder/network.safetensors",
    log:
        "logs/prepare_lung_finder.log",
    benchmark:
        "benchmarks/prepare_lung_finder.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    resources:
        gpu=GPU,
    params:
        recipe=recipe("prepare_lung_finder"),
    shell:
        """
        python -m workflow_scripts.prepare.lung_finder \
            --examples {input.examples:q} \
            --listed {input.listed:q} \
            --recipe {params.recipe:q} \
            --network {output.network:q} \
            >{log:q} 2>&1
        """


rule prepare_lung_check:
    """Compare the lung finder with drawn lungs that it has not learnt from."""
    input:
        weights=files.lung_weights,
        examples=files.drawn("results/prepare/{dataset}/lung_examples.u8"),
        listed=files.drawn("results/prepare/{dataset}/lung_examples.parquet"),
    output:
        dice="results/prepare/lung_finder/dice.parquet",
    log:
        "logs/prepare_lung_check.log",
    benchmark:
        "benchmarks/prepare_lung_check.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    resources:
        gpu=GPU,
    params:
        recipe=recipe("prepare_lung_check"),
    shell:
        """
        python -m workflow_scripts.prepare.lung_check \
            --weights {input.weights:q} \
            --examples {input.examples:q} \
            --listed {input.listed:q} \
            --recipe {params.recipe:q} \
            --dice {output.dice:q} \
            >{log:q} 2>&1
        """


rule prepare_lungs:
    """Find the lungs in the pictures of one shard, and say how surely."""
    input:
        weights=files.lung_weights,
        decoded="results/ingest/{dataset}/decoded/{shard}.parquet",
        pixels="results/ingest/{dataset}/pixels/{shard}.u8",
        lung_masks="results/ingest/{dataset}/lung_masks/{shard}.u8",
    output:
        lungs="results/prepare/{dataset}/lungs/{shard}.bits",
        found="results/prepare/{dataset}/lungs/{shard}.parquet",
        sheet="results/prepare/{dataset}/lungs/{shard}.png",
    log:
        "logs/prepare_lungs/{dataset}/{shard}.log",
    benchmark:
        "benchmarks/prepare_lungs/{dataset}/{shard}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    resources:
        gpu=GPU,
    params:
        recipe=recipe("prepare_lungs"),
    shell:
        """
        python -m workflow_scripts.prepare.lungs \
            --weights {input.weights:q} \
            --decoded {input.decoded:q} \
            --pixels {input.pixels:q} \
            --lung-masks {input.lung_masks:q} \
            --recipe {params.recipe:q} \
            --lungs {output.lungs:q} \
            --found {output.found:q} \
            --sheet {output.sheet:q} \
            >{log:q} 2>&1
        """


rule prepare_store:
    """Crop and resize the pictures of one shard to equal images."""
    input:
        decoded="results/ingest/{dataset}/decoded/{shard}.parquet",
        pixels="results/ingest/{dataset}/pixels/{shard}.u8",
        lungs="results/prepare/{dataset}/lungs/{shard}.bits",
        found="results/prepare/{dataset}/lungs/{shard}.parquet",
    output:
        store="results/prepare/{dataset}/store/{shard}.u8",
        stored_lungs="results/prepare/{dataset}/store/{shard}.lungs",
        stored="results/prepare/{dataset}/store/{shard}.parquet",
    log:
        "logs/prepare_store/{dataset}/{shard}.log",
    benchmark:
        "benchmarks/prepare_store/{dataset}/{shard}.tsv"
    priority: 10
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_store"),
    shell:
        """
        python -m workflow_scripts.prepare.store \
            --decoded {input.decoded:q} \
            --pixels {input.pixels:q} \
            --lungs {input.lungs:q} \
            --found {input.found:q} \
            --recipe {params.recipe:q} \
            --store {output.store:q} \
            --stored-lungs {output.stored_lungs:q} \
            --stored {output.stored:q} \
            >{log:q} 2>&1
        """


rule prepare_drawn:
    """Bring lungs that somebody drew into the geometry of the stored images."""
    input:
        decoded="results/ingest/{dataset}/decoded/{shard}.parquet",
        pixels="results/ingest/{dataset}/pixels/{shard}.u8",
        lung_masks="results/ingest/{dataset}/lung_masks/{shard}.u8",
        stored="results/prepare/{dataset}/store/{shard}.parquet",
    output:
        drawn="results/prepare/{dataset}/store/{shard}.drawn",
        listed="results/prepare/{dataset}/store/{shard}.drawn.parquet",
    log:
        "logs/prepare_drawn/{dataset}/{shard}.log",
    benchmark:
        "benchmarks/prepare_drawn/{dataset}/{shard}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_drawn"),
    shell:
        """
        python -m workflow_scripts.prepare.drawn \
            --decoded {input.decoded:q} \
            --pixels {input.pixels:q} \
            --lung-masks {input.lung_masks:q} \
            --stored {input.stored:q} \
            --recipe {params.recipe:q} \
            --drawn {output.drawn:q} \
            --listed {output.listed:q} \
            >{log:q} 2>&1
        """


rule prepare_index:
    """Say where each accepted image lies in the store, and what the files hold."""
    input:
        images="results/ingest/{dataset}/images.parquet",
        stores=files.each_shard("results/prepare/{dataset}/store/{shard}.u8"),
        stored_lungs=files.each_shard("results/prepare/{dataset}/store/{shard}.lungs"),
        stored=files.each_shard("results/prepare/{dataset}/store/{shard}.parquet"),
    output:
        rows="results/prepare/{dataset}/store/images.parquet",
        shards="results/prepare/{dataset}/store/shards.parquet",
    log:
        "logs/prepare_index/{dataset}.log",
    benchmark:
        "benchmarks/prepare_index/{dataset}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_index"),
    shell:
        """
        python -m workflow_scripts.prepare.index \
            --images {input.images:q} \
            --stores {input.stores:q} \
            --stored-lungs {input.stored_lungs:q} \
            --stored {input.stored:q} \
            --recipe {params.recipe:q} \
            --rows {output.rows:q} \
            --shards {output.shards:q} \
            >{log:q} 2>&1
        """


rule prepare_intensity:
    """Measure the grey values of the training images."""
    input:
        splits="results/prepare/{dataset}/splits.parquet",
        rows="results/prepare/{dataset}/store/images.parquet",
        stores=files.each_shard("results/prepare/{dataset}/store/{shard}.u8"),
    output:
        intensity="results/prepare/{dataset}/intensity.parquet",
    log:
        "logs/prepare_intensity/{dataset}.log",
    benchmark:
        "benchmarks/prepare_intensity/{dataset}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("prepare_intensity"),
    shell:
        """
        python -m workflow_scripts.prepare.intensity \
            --splits {input.splits:q} \
            --rows {input.rows:q} \
            --stores {input.stores:q} \
            --recipe {params.recipe:q} \
            --intensity {output.intensity:q} \
            >{log:q} 2>&1
        """
