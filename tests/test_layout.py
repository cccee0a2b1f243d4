"""The repository against its own rules: imports one way, no cycles, and dvc.yaml's deps against the imports."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGES = ("tavce", "metrics", "reports", "stages")


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def module_files() -> dict[str, Path]:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return {module_name(path): path for path in files}


MODULES = module_files()


def imports(module: str) -> set[str]:
    """Return the first-party modules that `module` imports, at its top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name in MODULES}


def closure(module: str) -> set[str]:
    """Return `module`, all that it imports, and the packages that those imports run on the way."""
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        parents = [".".join(name.split(".")[:n]) for n in range(1, name.count(".") + 1)]
        waiting += [*imports(name), *parents]
    return seen


def stage_definitions() -> dict[str, dict[str, object]]:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return {name: stage.get("do", stage) for name, stage in stages.items()}


STAGES = stage_definitions()


PROCESSES = "baselines"  # run by other interpreters: no walk of imports finds it


def uncovered(stage: str, deps: list[str]) -> list[str]:
    """Return the first-party files that the stage imports and that none of `deps` holds."""
    imported = closure(f"stages.{stage}") | closure("stages.__main__")
    files = sorted(MODULES[name].relative_to(ROOT).as_posix() for name in imported)
    # A package's __init__.py that does nothing when it is imported cannot change what a stage does.
    files = [name for name in files if not (name.endswith("__init__.py") and idle(ROOT / name))]
    return [name for name in files if not any(name == dep or name.startswith(f"{dep}/") for dep in deps)]


def idle(path: Path) -> bool:
    """Return whether a package is a docstring, or that and names which are loaded where they are first asked for."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    lazy = any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in body)
    harmless = (ast.Expr, ast.ImportFrom, ast.Assign, ast.FunctionDef) if lazy else (ast.Expr,)
    return all(isinstance(node, harmless) for node in body) and not imports(module_name(path))


@pytest.mark.parametrize("stage", STAGES)
def test_deps_cover_every_import(stage: str) -> None:
    assert uncovered(stage, STAGES[stage]["deps"]) == []


@pytest.mark.parametrize("stage", STAGES)
def test_a_missing_dep_is_noticed(stage: str) -> None:
    """The check above must be able to fail: take any one code dep away, and it names a file."""
    own = [dep for dep in STAGES[stage]["deps"] if "${" not in dep and not dep.startswith(("data/", PROCESSES))]
    code = [dep for dep in own if holds_code(dep)]
    for dep in code:
        assert uncovered(stage, [other for other in code if other != dep]), f"{stage} does not need {dep}"


def holds_code(dep: str) -> bool:
    """Return whether a dep is Python; weights are others, which no walk of imports finds."""
    return dep.endswith(".py") or any((ROOT / dep).rglob("*.py"))


def test_the_base_depends_on_the_shipped_weights() -> None:
    assert "tavce/methods/native/base" in STAGES["base"]["deps"]


def test_imports_go_one_way() -> None:
    allowed = {"stages": set(PACKAGES), **{name: {name} for name in PACKAGES[:3]}}
    wrong = [(a, b) for a in MODULES for b in imports(a) if b.split(".")[0] not in allowed[a.split(".")[0]]]
    assert wrong == []


def test_lower_layers_know_nothing_of_higher_ones() -> None:
    """Inside the library: media and run import no data; data imports no methods."""
    layers = {
        "tavce.media": ("tavce.data", "tavce.methods"),
        "tavce.run": ("tavce.data", "tavce.methods", "tavce.media"),
    }
    layers["tavce.data"] = ("tavce.methods",)
    wrong = [
        (a, b)
        for a in MODULES
        for layer, above in layers.items()
        if a.startswith(layer)
        for b in imports(a)
        if b.startswith(above)
    ]
    assert wrong == []


def test_no_cycles() -> None:
    # A submodule imports its package implicitly; only what a file names itself counts here.
    TopologicalSorter({name: imports(name) - {name} for name in MODULES}).prepare()


def test_stages_stand_in_the_order_of_the_flow() -> None:
    flow = ["dataset", "crop", "judges", "filter", "features", "reference", "correlation", "base", "animator"]
    flow += ["animate", "wav2lip", "generate", "score", "sensitivity", "ablation", "report"]
    assert list(STAGES) == [name for name in flow if name in STAGES]
    assert all((ROOT / "stages" / f"{name}.py").is_file() for name in STAGES)


def test_stages_name_the_folders_that_the_code_writes() -> None:
    from stages import paths

    outs = {name: next(iter(stage["outs"])) for name, stage in STAGES.items()}
    outs = {name: next(iter(out)) if isinstance(out, dict) else out for name, out in outs.items()}
    ours = {
        "dataset": paths.dataset_folder("${key}"),
        "crop": paths.crop_folder("${key}"),
        "filter": paths.filter_folder("${key}"),
        "features": paths.features_folder("${key}"),
        "generate": paths.generated_folder("${item.dataset}", "${item.method}"),
        "judges": paths.JUDGES,
        "reference": paths.reference_folder("${key}"),
        "correlation": paths.correlation_folder("${item.dataset}", "${item.correlation}"),
        "base": paths.base_folder("${key}"),
        "animator": paths.animator_folder("${key}"),
        "wav2lip": paths.wav2lip_folder("${key}"),
        "animate": paths.animated_folder("${item.dataset}", "${item.arm}"),
        "ablation": paths.ablation_folder("${item.dataset}", "${item.arm}"),
        "score": paths.score_folder("${item.dataset}", "${item.method}"),
        "sensitivity": paths.sensitivity_folder("${key}"),
        "report": paths.RESULTS,
    }
    assert outs == {name: path.as_posix() for name, path in ours.items()}


def test_no_stage_depends_on_runtime() -> None:
    assert not [name for name, stage in STAGES.items() if any("runtime" in str(entry) for entry in stage["params"])]


@pytest.mark.parametrize("path", sorted(MODULES.values()), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            assert (node.end_lineno or 0) - first.lineno < 50, f"{node.name} is over 50 lines"


def test_no_address_of_an_index_and_no_path_of_a_machine() -> None:
    pattern = re.compile(r"index-url|find-links\b.*=|/simple/|files\.pythonhosted")
    names = ["pyproject.toml", "requirements.lock", "README.md", ".ci/run"]
    assert [name for name in names if pattern.search((ROOT / name).read_text(encoding="utf-8"))] == []
