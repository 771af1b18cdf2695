"""Say in plain words what the names on the page stand for."""

from typing import Any

from workflow_scripts.report.material import Material
from workflow_scripts.report.words import listed, plain

PROTOCOLS = {
    "linear_probe": "the encoder stays as it is; only a linear classifier is trained",
    "knn": "the encoder stays as it is; the most similar labelled images vote",
    "attentive_probe": "the encoder stays as it is; a query gathers its tokens, and a "
    "linear classifier tells the findings; both are trained",
    "fine_tune": "all weights of the encoder are trained on with the labels",
    "linear_then_fine_tune": "all weights are trained on; the classifier begins as a "
    "linear probe",
}
UNTAUGHT = "pretrained without labels"
ORIGINS = {"timm": "timm", "file": "a file", "https": "an address"}


def meanings(material: Material) -> list[tuple[str, str]]:
    """Return each encoder and its start, then each protocol, and what it is."""
    encoders = material.config["encoders"]
    wanted = list(material.arms)
    for name in wanted:  # and what they go on from, itself perhaps not compared
        if (parent := encoders[name].get("from")) not in [None, *wanted]:
            wanted.append(str(parent))
    found = [(name, _encoder(encoders[name])) for name in wanted]
    known = [name for name in material.protocols if name in PROTOCOLS]
    return found + [(plain(name), PROTOCOLS[name]) for name in known]


def _encoder(choice: dict[str, Any]) -> str:
    if "from" in choice:
        findings = choice.get("findings")
        how = f"taught the labels of {listed(findings)}" if findings else UNTAUGHT
        kept = (
            "; validation and test images are among them on purpose (transductive)"
            if choice.get("transductive")
            else ""
        )
        return (
            f"goes on from {choice['from']}: {how} by {plain(choice['method'])} on the "
            f"images of {listed(choice['data'])}, "
            f"{choice['epochs']} epochs{kept}"
        )
    weights = choice.get("weights", "random")
    if weights == "random":
        return f"a {choice['backbone']} with random weights, not pretrained"
    origin = ORIGINS.get(weights.partition(":")[0], weights)
    return f"a {choice['backbone']} with pretrained weights from {origin}"
