"""From the config to jobs: what each rule takes, chooses, and depends on.

Read by the Snakefile only. No step may import it: a step knows its files and its
recipe, never the config.
"""
