"""Read each dataset's own files once, and write them in our words.

Takes  a dataset's folder, label tables and lung masks, as the config names them
Gives  results/ingest/{dataset}/ledger, images, labels, pixels, counts .parquet
       results/ingest/{dataset}/pixels/{shard}.u8, lung_masks/{shard}.u8
       results/ingest/{dataset}/private/paths.parquet, verified.parquet
"""


rule ingest_find:
    """List every file below the root."""
    input:
        root=files.root,
    output:
        paths="results/ingest/{dataset}/private/paths.parquet",
    log:
        "logs/ingest_find/{dataset}.log",
    benchmark:
        "benchmarks/ingest_find/{dataset}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("ingest_find"),
    shell:
        """
        python -m workflow_scripts.ingest.find \
            --root {input.root:q} \
            --recipe {params.recipe:q} \
            --paths {output.paths:q} \
            >{log:q} 2>&1
        """


rule ingest_decode:
    """Decode one shard of the files to pictures as displayed."""
    input:
        root=files.root,
    output:
        decoded="results/ingest/{dataset}/decoded/{shard}.parquet",
        pixels="results/ingest/{dataset}/pixels/{shard}.u8",
    log:
        "logs/ingest_decode/{dataset}/{shard}.log",
    benchmark:
        "benchmarks/ingest_decode/{dataset}/{shard}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("ingest_decode"),
    shell:
        """
        python -m workflow_scripts.ingest.decode \
            --root {input.root:q} \
            --shard {wildcards.shard:q} \
            --recipe {params.recipe:q} \
            --decoded {output.decoded:q} \
            --pixels {output.pixels:q} \
            >{log:q} 2>&1
        """


rule ingest_mask:
    """Bring the lung masks that somebody drew to one shard's pictures."""
    input:
        root=files.root,
        masks=files.masks,
        decoded="results/ingest/{dataset}/decoded/{shard}.parquet",
    output:
        lung_masks="results/ingest/{dataset}/lung_masks/{shard}.u8",
    log:
        "logs/ingest_mask/{dataset}/{shard}.log",
    benchmark:
        "benchmarks/ingest_mask/{dataset}/{shard}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("ingest_mask"),
    shell:
        """
        python -m workflow_scripts.ingest.mask \
            --root {input.root:q} \
            --masks {input.masks:q} \
            --decoded {input.decoded:q} \
            --shard {wildcards.shard:q} \
            --recipe {params.recipe:q} \
            --lung-masks {output.lung_masks:q} \
            >{log:q} 2>&1
        """


rule ingest_gather:
    """Join the shards with the publisher's tables, and account for every file."""
    input:
        tables=files.known_tables,
        paths="results/ingest/{dataset}/private/paths.parquet",
        decoded=files.each_shard("results/ingest/{dataset}/decoded/{shard}.parquet"),
    output:
        ledger="results/ingest/{dataset}/ledger.parquet",
        images="results/ingest/{dataset}/images.parquet",
        index="results/ingest/{dataset}/pixels.parquet",
        fingerprints="results/ingest/{dataset}/fingerprints.parquet",
        counts="results/ingest/{dataset}/counts.parquet",
    log:
        "logs/ingest_gather/{dataset}.log",
    benchmark:
        "benchmarks/ingest_gather/{dataset}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("ingest_gather"),
    shell:
        """
        python -m workflow_scripts.ingest.gather \
            --tables {input.tables:q} \
            --paths {input.paths:q} \
            --decoded {input.decoded:q} \
            --recipe {params.recipe:q} \
            --ledger {output.ledger:q} \
            --images {output.images:q} \
            --index {output.index:q} \
            --fingerprints {output.fingerprints:q} \
            --counts {output.counts:q} \
            >{log:q} 2>&1
        """


rule ingest_label:
    """Write what the publisher's tables say of each accepted image."""
    input:
        tables=files.tables,
        paths="results/ingest/{dataset}/private/paths.parquet",
        decoded=files.each_shard("results/ingest/{dataset}/decoded/{shard}.parquet"),
        images="results/ingest/{dataset}/images.parquet",
    output:
        labels="results/ingest/{dataset}/labels.parquet",
    log:
        "logs/ingest_label/{dataset}.log",
    benchmark:
        "benchmarks/ingest_label/{dataset}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("ingest_label"),
    shell:
        """
        python -m workflow_scripts.ingest.label \
            --tables {input.tables:q} \
            --paths {input.paths:q} \
            --decoded {input.decoded:q} \
            --images {input.images:q} \
            --recipe {params.recipe:q} \
            --labels {output.labels:q} \
            >{log:q} 2>&1
        """


rule ingest_stratify:
    """Say which findings each patient has, for splits that a label's edit won't move."""
    input:
        tables=files.known_tables,
        paths="results/ingest/{dataset}/private/paths.parquet",
        decoded=files.each_shard("results/ingest/{dataset}/decoded/{shard}.parquet"),
        images="results/ingest/{dataset}/images.parquet",
    output:
        strata="results/ingest/{dataset}/strata.parquet",
    log:
        "logs/ingest_stratify/{dataset}.log",
    benchmark:
        "benchmarks/ingest_stratify/{dataset}.tsv"
    priority: 20
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("ingest_stratify"),
    shell:
        """
        python -m workflow_scripts.ingest.stratify \
            --tables {input.tables:q} \
            --paths {input.paths:q} \
            --decoded {input.decoded:q} \
            --images {input.images:q} \
            --recipe {params.recipe:q} \
            --strata {output.strata:q} \
            >{log:q} 2>&1
        """


rule ingest_verify:
    """Read every file again and tell which changed under an old time stamp."""
    input:
        root=files.root,
        paths="results/ingest/{dataset}/private/paths.parquet",
        decoded=files.each_shard("results/ingest/{dataset}/decoded/{shard}.parquet"),
    output:
        verified="results/ingest/{dataset}/verified.parquet",
    log:
        "logs/ingest_verify/{dataset}.log",
    benchmark:
        "benchmarks/ingest_verify/{dataset}.tsv"
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("ingest_verify"),
    shell:
        """
        python -m workflow_scripts.ingest.verify \
            --root {input.root:q} \
            --paths {input.paths:q} \
            --decoded {input.decoded:q} \
            --recipe {params.recipe:q} \
            --verified {output.verified:q} \
            >{log:q} 2>&1
        """
