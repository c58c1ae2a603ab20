"""The one place where tests wait: for a condition, until a deadline. No test sleeps for a time that it guessed.

Who uses it adds this folder to sys.path; it needs nothing but Python.
"""

import os
import select
import threading
import time

SECONDS = 100  # What takes longer hangs, under a sanitizer and beside other work, too.
PAUSE_SECONDS = 0.02  # Between two looks.


def wait_until(condition, what, seconds=SECONDS, alive=(), said=lambda: ""):
    """Returns what `condition` gives as soon as that is true. `alive`: processes (subprocess.Popen) that must not end
    before. Raises AssertionError when one of them has, or after `seconds`, with `what`, which says in words what is
    waited for or what is wrong, and with what `said` gives."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        # Looked at first: what a process has done before its end is done.
        ended = [process.returncode for process in alive if process.poll() is not None]
        if found := condition():
            return found
        if ended:
            raise AssertionError(f"the process ended with {ended[0]} before: {what}; {said()}")
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what}; {said()}")
        pause.wait(PAUSE_SECONDS)


def until_it_ends(pid, every_seconds):
    """Yields at once and after each `every_seconds`, until the process has ended; who called waits for it. What is
    measured of a running process is measured in between."""
    handle = os.pidfd_open(pid)
    try:
        ends = select.poll()
        ends.register(handle, select.POLLIN)
        yield
        while not ends.poll(1000 * every_seconds):
            yield
    finally:
        os.close(handle)
