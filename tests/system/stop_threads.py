#!/usr/bin/env python3
"""Stops single threads of a process, as a driver that hangs would: stop_threads.py PID NAME. Prints how many, and holds
them until it is ended or the process is gone."""

import ctypes
import os
import pathlib
import sys
import time

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000  # __WALL of waitpid(2): threads, too


def main():
    process, name = pathlib.Path("/proc") / sys.argv[1], sys.argv[2]
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    stopped = 0
    for thread in sorted((process / "task").iterdir()):
        if (thread / "comm").read_text().strip() != name:
            continue
        for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
            if libc.ptrace(request, int(thread.name), None, None) != 0:
                sys.exit(f"ptrace {request:#x} of {thread}: errno {ctypes.get_errno()}")
        stopped += 1
    print(stopped, flush=True)
    while process.exists():
        # A thread that was killed meanwhile is only gone once whoever traces it has looked.
        try:
            while os.waitpid(-1, os.WNOHANG | WALL)[0] != 0:
                pass
        except ChildProcessError:
            return
        time.sleep(0.1)


if __name__ == "__main__":
    main()
