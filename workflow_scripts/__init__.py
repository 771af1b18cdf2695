"""FewRay's steps: `core` and one package per stage, in the order of the Snakefile."""
