"""Train classifiers on a few labels, and let them score the test images once.

Takes  results/encoders/{encoder}/, results/prepare/{task}/, stores
Gives  results/finetune/{task}/{encoder}/{protocol}/predictions.parquet;
       on demand results/finetune/{task}/ranking.parquet, results/curriculum/encoders.yaml
       results/exports/{task}/{encoder}/{protocol}/{budget}/, and of new images
       results/predict/{dataset}/{task}/{encoder}/{protocol}/{budget}/
"""

from workflow_scripts.plan import curricula


rule finetune_features:
    """Compute an encoder's features of the images of one part: development or test."""
    input:
        encoder="results/encoders/{encoder}/encoder.safetensors",
        card="results/encoders/{encoder}/encoder.json",
        targets="results/prepare/{task}/targets/{part}.parquet",
        stores=files.part("results/prepare/{dataset}/store/{shard}.u8"),
        rows=files.part("results/prepare/{dataset}/store/images.parquet"),
    output:
        features="results/finetune/{task}/{encoder}/features.{part}.npy",
    log:
        "logs/finetune_features/{task}/{encoder}/{part}.log",
    benchmark:
        "benchmarks/finetune_features/{task}/{encoder}/{part}.tsv"
    conda:
        "../envs/fewray.yaml"
    resources:
        gpu=GPU,
    params:
        recipe=recipe("finetune_features"),
    shell:
        """
        python -m workflow_scripts.finetune.features \
            --encoder {input.encoder:q} \
            --card {input.card:q} \
            --targets {input.targets:q} \
            --stores {input.stores:q} \
            --rows {input.rows:q} \
            --recipe {params.recipe:q} \
            --features {output.features:q} \
            >{log:q} 2>&1
        """


rule finetune_fit:
    """Train the classifiers of one budget, all draws. Reads no test row."""
    input:
        encoder="results/encoders/{encoder}/encoder.safetensors",
        card="results/encoders/{encoder}/encoder.json",
        features="results/finetune/{task}/{encoder}/features.development.npy",
        development="results/prepare/{task}/targets/development.parquet",
        draw="results/prepare/{task}/draws/{budget}.parquet",
        stores=files.training("results/prepare/{dataset}/store/{shard}.u8"),
        masks=files.masks_of("development"),
        rows=files.training("results/prepare/{dataset}/store/images.parquet"),
    output:
        classifiers="results/finetune/{task}/{encoder}/{protocol}/{budget}/classifiers.safetensors",
        selection="results/finetune/{task}/{encoder}/{protocol}/{budget}/selection.parquet",
    log:
        "logs/finetune_fit/{task}/{encoder}/{protocol}/{budget}.log",
    benchmark:
        "benchmarks/finetune_fit/{task}/{encoder}/{protocol}/{budget}.tsv"
    wildcard_constraints:
        protocol=any_of(names.protocols(config, together=False)),
    conda:
        "../envs/fewray.yaml"
    resources:
        gpu=GPU,
    params:
        recipe=recipe("finetune_fit"),
    shell:
        """
        python -m workflow_scripts.finetune.fit \
            --encoder {input.encoder:q} \
            --card {input.card:q} \
            --features {input.features:q} \
            --development {input.development:q} \
            --draw {input.draw:q} \
            --stores {input.stores:q} \
            --masks {input.masks:q} \
            --rows {input.rows:q} \
            --recipe {params.recipe:q} \
            --classifiers {output.classifiers:q} \
            --selection {output.selection:q} \
            >{log:q} 2>&1
        """


rule finetune_probe:
    """Solve the classifiers of all budgets and draws at once. Reads no test row."""
    input:
        encoder="results/encoders/{encoder}/encoder.safetensors",
        card="results/encoders/{encoder}/encoder.json",
        features="results/finetune/{task}/{encoder}/features.development.npy",
        development="results/prepare/{task}/targets/development.parquet",
        draws=expand(
            "results/prepare/{{task}}/draws/{budget}.parquet",
            budget=names.budgets(config),
        ),
        stores=files.training("results/prepare/{dataset}/store/{shard}.u8"),
        masks=files.masks_of("development"),
        rows=files.training("results/prepare/{dataset}/store/images.parquet"),
    output:
        classifiers=expand(
            "results/finetune/{{task}}/{{encoder}}/{{protocol}}/{budget}/classifiers.safetensors",
            budget=names.budgets(config),
        ),
        selections=expand(
            "results/finetune/{{task}}/{{encoder}}/{{protocol}}/{budget}/selection.parquet",
            budget=names.budgets(config),
        ),
    log:
        "logs/finetune_probe/{task}/{encoder}/{protocol}.log",
    benchmark:
        "benchmarks/finetune_probe/{task}/{encoder}/{protocol}.tsv"
    wildcard_constraints:
        protocol=any_of(names.protocols(config, together=True)),
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("finetune_probe"),
    shell:
        """
        python -m workflow_scripts.finetune.probe \
            --encoder {input.encoder:q} \
            --card {input.card:q} \
            --features {input.features:q} \
            --development {input.development:q} \
            --draws {input.draws:q} \
            --stores {input.stores:q} \
            --masks {input.masks:q} \
            --rows {input.rows:q} \
            --recipe {params.recipe:q} \
            --classifiers {output.classifiers:q} \
            --selections {output.selections:q} \
            >{log:q} 2>&1
        """


rule finetune_predict:
    """Score every test image with every classifier: the one step that reads them."""
    input:
        encoder="results/encoders/{encoder}/encoder.safetensors",
        card="results/encoders/{encoder}/encoder.json",
        features="results/finetune/{task}/{encoder}/features.test.npy",
        test="results/prepare/{task}/targets/test.parquet",
        stores=files.part("results/prepare/{dataset}/store/{shard}.u8"),
        masks=files.masks_of("test"),
        rows=files.part("results/prepare/{dataset}/store/images.parquet"),
        classifiers=expand(
            "results/finetune/{{task}}/{{encoder}}/{{protocol}}/{budget}/classifiers.safetensors",
            budget=names.budgets(config),
        ),
    output:
        predictions="results/finetune/{task}/{encoder}/{protocol}/predictions.parquet",
    log:
        "logs/finetune_predict/{task}/{encoder}/{protocol}.log",
    benchmark:
        "benchmarks/finetune_predict/{task}/{encoder}/{protocol}.tsv"
    conda:
        "../envs/fewray.yaml"
    resources:
        gpu=GPU,
    params:
        recipe=recipe("finetune_predict"),
    shell:
        """
        python -m workflow_scripts.finetune.predict \
            --encoder {input.encoder:q} \
            --card {input.card:q} \
            --features {input.features:q} \
            --test {input.test:q} \
            --stores {input.stores:q} \
            --masks {input.masks:q} \
            --rows {input.rows:q} \
            --classifiers {input.classifiers:q} \
            --recipe {params.recipe:q} \
            --predictions {output.predictions:q} \
            >{log:q} 2>&1
        """


rule finetune_rank:
    """Rank encoders by a linear probe on validation. Reads no test row."""
    input:
        features=expand(
            "results/finetune/{{task}}/{encoder}/features.development.npy",
            encoder=curricula.ranked(config),
        ),
        development="results/prepare/{task}/targets/development.parquet",
    output:
        ranking="results/finetune/{task}/ranking.parquet",
    log:
        "logs/finetune_rank/{task}.log",
    benchmark:
        "benchmarks/finetune_rank/{task}.tsv"
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("finetune_rank"),
    shell:
        """
        python -m workflow_scripts.finetune.rank \
            --features {input.features:q} \
            --development {input.development:q} \
            --recipe {params.recipe:q} \
            --ranking {output.ranking:q} \
            >{log:q} 2>&1
        """


rule finetune_curriculum:
    """Put pretext tasks in order by that ranking, and write their chains as a config."""
    input:
        ranking=curricula.ranking(config),
    output:
        encoders="results/curriculum/encoders.yaml",
    log:
        "logs/finetune_curriculum.log",
    benchmark:
        "benchmarks/finetune_curriculum.tsv"
    conda:
        "../envs/fewray.yaml"
    params:
        recipe=recipe("finetune_curriculum"),
    shell:
        """
        python -m workflow_scripts.finetune.curriculum \
            --ranking {input.ranking:q} \
            --recipe {params.recipe:q} \
            --encoders {output.encoders:q} \
            >{log:q} 2>&1
        """


rule finetune_export:
    """Hand a classifier over, with thresholds and calibration. Reads no test row."""
    input:
        encoder="results/encoders/{encoder}/encoder.safetensors",
        card="results/encoders/{encoder}/encoder.json",
        development="results/prepare/{task}/targets/development.parquet",
        classifiers="results/finetune/{task}/{encoder}/{protocol}/{budget}/classifiers.safetensors",
        selection="results/finetune/{task}/{encoder}/{protocol}/{budget}/selection.parquet",
        stores=files.training("results/prepare/{dataset}/store/{shard}.u8"),
        rows=files.training("results/prepare/{dataset}/store/images.parquet"),
        lung_weights=files.lung_weights,
    output:
        weights="results/exports/{task}/{encoder}/{protocol}/{budget}/classifier.safetensors",
        onnx="results/exports/{task}/{encoder}/{protocol}/{budget}/classifier.onnx",
        description="results/exports/{task}/{encoder}/{protocol}/{budget}/classifier.json",
    log:
        "logs/finetune_export/{task}/{encoder}/{protocol}/{budget}.log",
    benchmark:
        "benchmarks/finetune_export/{task}/{encoder}/{protocol}/{budget}.tsv"
    conda:
        "../envs/fewray.yaml"
    resources:
        gpu=GPU,
    params:
        recipe=recipe("finetune_export"),
    shell:
        """
        python -m workflow_scripts.finetune.export \
            --encoder {input.encoder:q} \
            --card {input.card:q} \
            --development {input.development:q} \
            --classifiers {input.classifiers:q} \
            --selection {input.selection:q} \
            --stores {input.stores:q} \
            --rows {input.rows:q} \
            --lung-weights {input.lung_weights:q} \
            --recipe {params.recipe:q} \
            --weights {output.weights:q} \
            --onnx {output.onnx:q} \
            --description {output.description:q} \
            >{log:q} 2>&1
        """


rule finetune_apply:
    """Score a folder of new images with an exported classifier."""
    input:
        weights="results/exports/{task}/{encoder}/{protocol}/{budget}/classifier.safetensors",
        description="results/exports/{task}/{encoder}/{protocol}/{budget}/classifier.json",
        ledger="results/ingest/{dataset}/ledger.parquet",
        images="results/ingest/{dataset}/images.parquet",
        stores=files.each_shard("results/prepare/{dataset}/store/{shard}.u8"),
        rows="results/prepare/{dataset}/store/images.parquet",
    output:
        predictions="results/predict/{dataset}/{task}/{encoder}/{protocol}/{budget}/predictions.parquet",
    log:
        "logs/finetune_apply/{dataset}/{task}/{encoder}/{protocol}/{budget}.log",
    benchmark:
        "benchmarks/finetune_apply/{dataset}/{task}/{encoder}/{protocol}/{budget}.tsv"
    wildcard_constraints:
        dataset=any_of(files.added()),
    conda:
        "../envs/fewray.yaml"
    resources:
        gpu=GPU,
    params:
        recipe=recipe("finetune_apply"),
    shell:
        """
        python -m workflow_scripts.finetune.apply \
            --weights {input.weights:q} \
            --description {input.description:q} \
            --ledger {input.ledger:q} \
            --images {input.images:q} \
            --stores {input.stores:q} \
            --rows {input.rows:q} \
            --recipe {params.recipe:q} \
            --predictions {output.predictions:q} \
            >{log:q} 2>&1
        """
