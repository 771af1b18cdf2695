"""The house rules: who may import whom, and that a rule calls its step and no other."""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from workflow_scripts.core import entry
from workflow_scripts.plan import recipes

ROOT = Path(__file__).parents[1]
CODE = ROOT / "workflow_scripts"
MODULES = sorted(CODE.rglob("*.py"))
STAGES = ["simulate", "ingest", "prepare", "pretrain", "finetune", "evaluate", "report"]
RULES_FILES = sorted(ROOT.glob("rules/*.smk"))
RULES = re.findall(
    r"^rule (\w+):\n(.*?)(?=^rule |\Z)",
    "\n".join(path.read_text() for path in RULES_FILES),
    flags=re.MULTILINE | re.DOTALL,
)
NAMES = [name for name, _ in RULES]


def relative(path):
    return str(path.relative_to(ROOT))


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_stage_imports_only_itself_and_core(path):
    own = path.relative_to(CODE).parts[0]
    allowed = {"plan": {"plan", "core"}, "core": {"core"}}.get(own, {own, "core"})
    for name in imports(path):
        package, _, rest = name.partition(".")
        if package == "workflow_scripts" and rest:
            assert rest.partition(".")[0] in allowed, f"imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_step_reads_the_config_and_only_load_imports_by_name(path):
    text = path.read_text()
    if path.relative_to(CODE).parts[0] != "plan":
        assert "config.yaml" not in re.sub(r'""".*?"""', "", text, flags=re.DOTALL)
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, ast.FunctionDef) and function.name != "load":
            calls = [n for n in ast.walk(function) if isinstance(n, ast.Call)]
            called = {
                getattr(call.func, "id", getattr(call.func, "attr", ""))
                for call in calls
            }
            assert not called & {"import_module", "__import__", "exec"}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_has_a_name_of_its_own_and_at_most_200_lines(path):
    assert path.stem not in {"utils", "util", "helpers", "helper", "misc", "common"}
    assert len(path.read_text().splitlines()) <= 200


def test_core_stays_small():
    # without the table contracts, of which a step's digest holds only those it uses
    lines = {p.stem: len(p.read_text().splitlines()) for p in CODE.glob("core/*.py")}
    assert sum(lines.values()) <= 1420
    everywhere = (
        "entry",
        "errors",
        "provenance",
        "workspace",
    )  # in every step's digest
    assert set(imports(CODE / "core/entry.py")) >= {"workflow_scripts.core.workspace"}
    assert sum(lines[name] for name in everywhere) <= 530


def test_every_stage_of_the_design_is_there():
    assert sorted(
        p.name for p in CODE.iterdir() if p.is_dir() and p.name[0] != "_"
    ) == (sorted([*STAGES, "core", "plan"]))
    assert {f"{stage}.smk" for stage in STAGES} < {path.name for path in RULES_FILES}


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_step_is_called_by_just_one_rule(path):
    stage, *rest = path.relative_to(CODE).with_suffix("").parts
    is_step = "entry.run(main)" in path.read_text() and stage != "core"
    if is_step:
        assert NAMES.count("_".join([stage, *rest])) == 1


@pytest.mark.parametrize(("name", "body"), RULES, ids=NAMES)
def test_rule_module_log_and_benchmark_carry_one_name(name, body):
    stage, _, step = name.partition("_")
    assert f"python -m workflow_scripts.{stage}.{step} " in body
    assert re.search(rf'log:\s+"logs/{name}[./]', body)
    assert re.search(rf'benchmark:\s+"benchmarks/{name}[./]', body)
    assert f'recipe=recipe("{name}")' in body
    assert hasattr(recipes.load(stage), step)


@pytest.mark.parametrize(("name", "body"), RULES, ids=NAMES)
def test_a_rule_passes_exactly_what_its_step_asks(name, body):
    stage, _, step = name.partition("_")
    main = import_module(f"workflow_scripts.{stage}.{step}").main
    hints = inspect.get_annotations(main, eval_str=True)
    asked = [
        n
        for n in inspect.signature(main).parameters
        if entry._kind(hints[n]) not in entry.FLAGLESS
    ]
    given = re.findall(r"--([a-z-]+) \{(\w+)\.", body)
    assert [flag.replace("-", "_") for flag, _ in given] == asked
    source = {
        "input": "input",
        "inputs": "input",
        "apart": "input",
        "output": "output",
        "outputs": "output",
        "recipe": "params",
    }
    for flag, directive in given:
        kind = entry._kind(hints[flag.replace("-", "_")])
        assert source.get(kind, "wildcards") == directive


@pytest.mark.parametrize(("name", "body"), RULES, ids=NAMES)
def test_every_shell_word_is_quoted_and_nothing_else_is_in_the_shell(name, body):
    (shell,) = re.findall(r'shell:\s+"""(.*?)"""', body, flags=re.DOTALL)
    assert "config" not in shell
    for field in re.findall(r"\{([^}]*)\}", shell):
        assert field.endswith(":q"), field
    words = shell.replace("\\\n", " ").removeprefix("\n        exec ").split()
    assert words[:2] == ["python", "-m"]
    assert words[-2:] == [">{log:q}", "2>&1"]


@pytest.mark.parametrize(("name", "body"), RULES, ids=NAMES)
def test_a_rule_says_what_it_does_and_hides_nothing(name, body):
    assert body.lstrip().startswith('"""')
    for forbidden in ("lambda", "run:", "message:", "rules."):
        assert forbidden not in body


@pytest.mark.parametrize("path", RULES_FILES, ids=relative)
def test_no_rule_stands_under_a_condition(path):
    assert not re.search(r"^[ \t]+rule ", path.read_text(), flags=re.MULTILINE)


def test_no_default_is_invented_twice():
    """Defaults live in the schema: no field of a Recipe has one."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.name == "Recipe":
                fields = [item for item in node.body if isinstance(item, ast.AnnAssign)]
                assert all(field.value is None for field in fields), path


def test_every_choice_in_the_schema_is_described():
    def walk(place, part):
        for name, inner in part.get("properties", {}).items():
            branches = inner.get("oneOf", [])
            if "properties" not in inner and "$ref" not in inner and not branches:
                assert "description" in inner, f"{place}.{name}"
            walk(f"{place}.{name}", inner)
        for name, inner in part.get("$defs", {}).items():
            walk(name, inner)

    walk("config", yaml.safe_load((ROOT / "rules/config.schema.yaml").read_text()))


def test_the_pinned_packages_name_no_address():
    assert "://" not in (ROOT / "envs/requirements.txt").read_text()


def test_the_conda_environment_asks_for_the_pinned_versions():
    pins = dict(
        re.findall(
            r"^([a-z0-9-]+)==(\S+)", (ROOT / "envs/requirements.txt").read_text(), re.M
        )
    )
    asked = yaml.safe_load((ROOT / "envs/fewray.yaml").read_text())["dependencies"]
    (pip,) = [item["pip"] for item in asked if isinstance(item, dict)]
    for line in pip:
        name, _, version = line.partition("==")
        assert pins[name] == version
    direct = re.findall(
        r"^([A-Za-z0-9-]+)", (ROOT / "envs/requirements.in").read_text(), re.M
    )
    steps = direct[: direct.index("pytest")]
    assert {line.partition("==")[0] for line in pip} == {name.lower() for name in steps}


def test_no_pickle_from_outside_is_ever_opened():
    forbidden = (
        "weights_only=False",
        "pickle.load",
        "allow_pickle=True",
        "yaml.load(",
        "torch.hub",
    )
    for path in MODULES:
        assert not [word for word in forbidden if word in path.read_text()], path


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))], ids=relative
)
def test_every_link_of_a_page_leads_to_a_file(path):
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
        assert target.startswith("https://") or (path.parent / target).exists(), target
