"""What a process of a local cluster does first: it leaves Ctrl-C to the run that started it, and its log to itself.

Dask imports this module by name in each process, also in those that take the place of one that died.
"""

from __future__ import annotations

import logging
import signal


def dask_setup(_worker: object) -> None:
    """Ignore the interrupt that a terminal sends to all its processes; what goes wrong is said by the run, once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("distributed", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
