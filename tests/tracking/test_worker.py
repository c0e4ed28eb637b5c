"""The orders that a worker reads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from automl.tracking.worker import Orders

LISTEN = """
import sys, time
from automl.tracking.worker import Orders
Orders(sys.stdin.fileno()).listen()
time.sleep(30)
"""


def test_the_first_order_is_to_look_at_the_folder():
    reading, writing = os.pipe()
    assert Orders(reading).wait() == "RUNNING"
    os.close(reading)
    os.close(writing)


def test_many_nudges_are_one_order_and_finish_is_the_last():
    reading, writing = os.pipe()
    orders = Orders(reading)
    orders.wait()
    orders.listen()
    os.write(writing, b"\n\n\n")
    assert orders.wait() == "RUNNING"
    os.write(writing, b"fini")
    os.write(writing, b"sh KILLED\n")
    while (state := orders.wait()) == "RUNNING":
        pass
    os.close(writing)
    assert state == "KILLED"


def test_a_pause_ends_with_the_order_to_finish():
    reading, writing = os.pipe()
    orders = Orders(reading)
    orders.listen()
    threading.Timer(0.1, os.write, (writing, b"finish FINISHED\n")).start()
    orders.pause(60)
    assert orders.state == "FINISHED"
    os.close(writing)


def test_the_end_of_the_input_ends_the_process_at_once():
    done = subprocess.run([sys.executable, "-c", LISTEN], stdin=subprocess.DEVNULL, timeout=10, check=False)
    assert done.returncode == 0
