"""Read each dataset's own files once, and write them in our words.

Takes  a dataset's folder and label table, as the config names them
Gives  results/ingest/{dataset}/ledger, images, labels, pixels .parquet
       results/ingest/{dataset}/pixels/{shard}.u8, lung_masks/{shard}.u8
       results/ingest/{dataset}/private/paths.parquet
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
        masks=files.masks,
        paths="results/ingest/{dataset}/private/paths.parquet",
    output:
        decoded="results/ingest/{dataset}/decoded/{shard}.parquet",
        pixels="results/ingest/{dataset}/pixels/{shard}.u8",
        lung_masks="results/ingest/{dataset}/lung_masks/{shard}.u8",
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
            --masks {input.masks:q} \
            --paths {input.paths:q} \
            --shard {wildcards.shard:q} \
            --recipe {params.recipe:q} \
            --decoded {output.decoded:q} \
            --pixels {output.pixels:q} \
            --lung-masks {output.lung_masks:q} \
            >{log:q} 2>&1
        """


rule ingest_gather:
    """Join the shards with the label table, and account for every file."""
    input:
        tables=files.tables,
        paths="results/ingest/{dataset}/private/paths.parquet",
        decoded=expand(
            "results/ingest/{{dataset}}/decoded/{shard}.parquet", shard=files.shards()
        ),
    output:
        ledger="results/ingest/{dataset}/ledger.parquet",
        images="results/ingest/{dataset}/images.parquet",
        labels="results/ingest/{dataset}/labels.parquet",
        index="results/ingest/{dataset}/pixels.parquet",
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
            --labels {output.labels:q} \
            --index {output.index:q} \
            >{log:q} 2>&1
        """
