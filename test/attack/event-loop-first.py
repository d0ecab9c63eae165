"""
event-loop-first.py PID...: of each process the event loop before all else on its core, and its
other threads behind all else. An event loop waits for its core only while another one computes.

Linux keeps what runs on the core until its slice is over, up to 4 ms, whatever its priority. Only
who has a shorter slice comes at once (EEVDF, since Linux 6.12), and slices have a system call only.
"""

import ctypes
import os
import platform
import struct
import sys

SCHED_SETATTR = 274 if platform.machine() == "aarch64" else 314
SLICE_NS = 100_000
syscall = ctypes.CDLL(None).syscall


def put_first(thread, nice):
    """struct sched_attr of sched_setattr(2). Whether the kernel allowed it."""
    size, policy, flags, priority, deadline, period = 48, os.SCHED_OTHER, 0, 0, 0, 0
    attributes = struct.pack(
        "=IIQiIQQQ", size, policy, flags, nice, priority, SLICE_NS, deadline, period
    )
    return syscall(SCHED_SETATTR, thread, attributes, 0) == 0


for pid in map(int, sys.argv[1:]):
    # A process's id is that of its first thread. Only root may be nicer to a thread than before.
    put_first(pid, -20) or put_first(pid, 0)
