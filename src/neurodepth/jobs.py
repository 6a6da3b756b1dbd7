"""What every script of the workflow does around its work: a log file, and one clear message when it fails."""

import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

log = logging.getLogger(__name__)


@contextlib.contextmanager
def logged(log_path: str | Path) -> Iterator[None]:
    """Send the library's log to a file; on an error, put the traceback there and its message on the screen.

    Args:
        log_path: The rule's log file.
    """
    handler = logging.FileHandler(log_path, mode="w")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    library = logging.getLogger("neurodepth")
    library.setLevel(logging.INFO)
    library.addHandler(handler)
    try:
        yield
    except Exception as error:
        log.exception("failed")
        sys.exit(f"\nerror: {error}\n(the traceback is in {log_path})\n")
    finally:
        library.removeHandler(handler)
        handler.close()
