"""Energy is what counters rose by, also over their end; unreadable is unknown."""

import math

import pytest
import torch

from workflow_scripts.pretrain.energy import Meter, gpu_hours

CPU = torch.device("cpu")


def zone(root, folder, name, microjoules, span=1_000_000_000):
    place = root / folder
    place.mkdir(parents=True, exist_ok=True)
    (place / "name").write_text(f"{name}\n")
    (place / "max_energy_range_uj").write_text(f"{span}\n")
    (place / "energy_uj").write_text(f"{microjoules}\n")


def test_watt_hours_are_what_the_packages_have_used_since(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0", 100_000_000)
    zone(tmp_path, "intel-rapl:1", "package-1", 500_000_000)
    meter = Meter(CPU, tmp_path)
    assert meter.wh() == 0
    zone(tmp_path, "intel-rapl:0", "package-0", 136_000_000)
    assert meter.wh() == pytest.approx(0.01)
    zone(tmp_path, "intel-rapl:1", "package-1", 572_000_000)
    assert meter.wh() == pytest.approx(0.03)
    assert meter.sources == ["package-0", "package-1"]


def test_a_counter_that_begins_anew_goes_on_counting(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0", 990_000_000)
    meter = Meter(CPU, tmp_path)
    zone(tmp_path, "intel-rapl:0", "package-0", 26_000_000)
    assert meter.wh() == pytest.approx(36 / 3600)
    zone(tmp_path, "intel-rapl:0", "package-0", 62_000_000)
    assert meter.wh() == pytest.approx(72 / 3600)


def test_what_is_part_of_a_package_or_counts_it_again_is_left_out(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0", 0)
    zone(tmp_path, "intel-rapl:0:0", "core", 0)
    zone(tmp_path, "intel-rapl:2", "psys", 0)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 0)
    assert Meter(CPU, tmp_path).sources == ["package-0"]


@pytest.mark.parametrize("wrong", [None, "", "none of your business"])
def test_energy_that_cannot_be_read_is_unknown(tmp_path, wrong):
    zone(tmp_path, "intel-rapl:0", "package-0", 0)
    counter = tmp_path / "intel-rapl:0/energy_uj"
    counter.unlink()
    if wrong is not None:
        counter.write_text(wrong)
    assert math.isnan(Meter(CPU, tmp_path).wh())
    assert math.isnan(Meter(CPU, tmp_path / "nowhere").wh())
    assert math.isnan(Meter(CPU, None).wh())


def test_a_counter_that_goes_away_makes_the_energy_unknown_from_then_on(tmp_path):
    zone(tmp_path, "intel-rapl:0", "package-0", 0)
    meter = Meter(CPU, tmp_path)
    (tmp_path / "intel-rapl:0/energy_uj").unlink()
    assert math.isnan(meter.wh())
    zone(tmp_path, "intel-rapl:0", "package-0", 36_000_000)
    assert math.isnan(meter.wh())


@pytest.mark.skipif(torch.cuda.is_available(), reason="has a GPU")
def test_there_are_no_gpu_hours_without_a_gpu():
    assert gpu_hours(3600, 2) == 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_a_gpu_at_work_uses_energy():
    assert gpu_hours(3600, 2) == 2
    meter = Meter(powercap=None)
    assert meter.sources == ["GPU"]
    matrix = torch.rand(8192, 8192, device="cuda")
    for _ in range(50):
        matrix = (matrix @ matrix).clamp(0, 1)
    torch.cuda.synchronize()
    assert 0 < meter.wh() < 10
