"""List the files of several datasets, as many as a command line can name."""

from snakemake.exceptions import WorkflowError

from workflow_scripts.plan import shards
from workflow_scripts.plan.settings import Settings

# Of the names of one list of files, characters: a command has three such lists at most,
# and Linux takes 131,072 in one argument of a shell.
LONGEST = 38_000


def each(config: Settings, pattern: str, datasets: list[str]) -> list[str]:
    """List `pattern` for each of `datasets`, and for each shard if it asks.

    Raises:
        WorkflowError: if a job's command line would be longer than Linux allows.
    """
    found = [
        pattern.format(dataset=dataset, shard=shard)
        for dataset in datasets
        for shard in (shards.numbers(config, dataset) if "{shard}" in pattern else [0])
    ]
    if sum(map(len, found)) > LONGEST:
        size = config["ingest"]["shard_files"]
        raise WorkflowError(
            f"config: ingest.shard_files: {len(found)} shards of {size} files make "
            f"command lines too long for Linux; give {size * 10} and start with an "
            "empty results folder"
        )
    return found
