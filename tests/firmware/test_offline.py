"""Once fetched, everything is built without a network; only `scons fetch` opens a socket."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import project

pytestmark = pytest.mark.live
# A network namespace of its own has no interface but a loopback that is down.
ALONE = ["unshare", "--net", "--map-root-user"]


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project that has its components but has built nothing."""
    if subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let us make a network namespace")
    project.build("board=mps2-an500", "kernel=cmsis-nn")
    copy = project.copy(tmp_path_factory.mktemp("project") / "copy")
    for built in (copy / "build").iterdir():
        if built.is_dir() and built.name != "third_party":
            shutil.rmtree(built)
    (copy / "build/.sconsign.dblite").unlink(missing_ok=True)
    return copy


def without_network(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run scons in ``folder`` with no network interface."""
    return subprocess.run(
        [*ALONE, sys.executable, "-m", "SCons", "-Q", *arguments],
        cwd=folder,
        # Impatient, so that the test of a dead network need not wait for npm's retries.
        env={**project.without_project_path(), "npm_config_fetch_retries": "0"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("board", ["stm32f746", "mps2-an500"])
def test_the_whole_build_passes_without_a_network(copied: Path, board: str) -> None:
    """Conversion, compilation, link, checks, size report and SBOM open no socket."""
    result = without_network(copied, f"board={board}", "kernel=cmsis-nn", "all", "sbom")
    assert result.returncode == 0, result.stdout + result.stderr
    assert (copied / f"build/{board}-aot-cmsis-nn-int8-speed/mnist.bin").exists()


def test_fetch_without_a_network_is_a_clear_error(copied: Path) -> None:
    """The proof that the namespace has no network, and that a good copy survives the failure."""
    good = copied / "build/third_party/cmsis-core"
    toml = copied / "third_party/cmsis-core/component.toml"
    text = toml.read_text()
    toml.write_text(text.replace("5.4.0-5", "5.4.0-4"))
    try:
        result = without_network(copied, "fetch", "component=cmsis-core")
    finally:
        toml.write_text(text)
    assert result.returncode == 2
    assert "scons: error: " in result.stderr
    assert "Traceback" not in result.stderr
    assert list(good.glob("CMSIS/Core/Include/core_cm7.h"))
    assert without_network(copied, "fetch", "component=cmsis-core").returncode == 0
