"""Devices by name, threads by work, and bfloat16 only where it saves time."""

from __future__ import annotations

import os

import pytest
import torch

from automl.errors import PlanError
from automl.training.device import is_worth_bfloat16, mixed_precision, pick_device, share_cores, threads_for

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
HAS_BFLOAT16 = bool(getattr(torch.cpu, "get_capabilities", dict)().get("avx512_bf16"))


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_a_device_is_what_it_is_called():
    assert pick_device("cpu") == CPU


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "tpu:0"])
def test_an_unknown_device_is_refused(name):
    with pytest.raises(PlanError, match=f"a device is auto, cpu, cuda or cuda:N, got '{name}'"):
        pick_device(name)


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(PlanError, match=r"this machine has \d+ CUDA devices, so there is no 'cuda:99'"):
        pick_device("cuda:99")


def test_small_steps_get_one_thread(two_threads):
    with threads_for(n_operations=1000, n_rows=32) as n_threads:
        assert n_threads == 1
    assert torch.get_num_threads() == 2


def test_large_steps_get_a_thread_a_core(two_threads):
    with threads_for(n_operations=10_000_000, n_rows=64) as n_threads:
        assert n_threads == min(2, os.cpu_count())


def test_processes_share_the_cores(two_threads):
    share_cores(1000)
    assert torch.get_num_threads() == 1


def test_images_are_worth_bfloat16_where_the_cpu_has_it():
    assert is_worth_bfloat16(CPU, 1e9, has_images=True) is HAS_BFLOAT16


@pytest.mark.parametrize(("device", "work"), [(CPU, 1e7), (CUDA, 1e9)])
def test_small_steps_are_not_worth_it(device, work):
    assert not is_worth_bfloat16(device, work, has_images=True)


def test_a_table_keeps_all_its_digits_on_a_cpu_alone():
    assert [is_worth_bfloat16(device, 1e12, has_images=False) for device in (CPU, CUDA)] == [False, True]


@pytest.mark.parametrize(("is_mixed", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_products_are_in_bfloat16_where_precision_is_mixed(is_mixed, expected):
    with mixed_precision(CPU, is_mixed):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype is expected
