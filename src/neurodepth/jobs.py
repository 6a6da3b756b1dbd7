"""What every script of the workflow does around its work: a log file, one clear message when it fails, an end with its parent."""

import contextlib
import errno
import io
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TextIO

log = logging.getLogger(__name__)
CHECK_PARENT_EVERY_S = 0.5
LAST_CHANCE_S = 20  # to close workers and files


@contextlib.contextmanager
def logged(log_path: str | Path) -> Iterator[None]:
    """Send the library's log to a file, and what is a warning or marked `on_screen` also to the screen.

    On an error the screen shows its message alone.

    A job whose Snakemake was killed ends too, so that the next run finds nobody writing the same files.

    Args:
        log_path: The rule's log file.
    """
    logging.raiseExceptions = False  # on a full disk the log cannot be written, which is not what the user must read
    library = logging.getLogger("neurodepth")
    library.setLevel(logging.INFO)
    handlers = [_file_handler(log_path), _screen_handler()]
    for handler in handlers:
        library.addHandler(handler)
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    try:
        with contextlib.redirect_stderr(Lines(sys.stderr)):  # bars of jobs side by side would redraw one line
            yield
    except KeyboardInterrupt:
        log.info("interrupted")
        sys.exit("\ninterrupted; finished files are kept, run snakemake again to go on\n")
    except Exception as error:
        log.exception("failed")
        sys.exit(f"\nerror: {explain(error, Path(log_path).parent)}\n(the traceback is in {log_path})\n")
    finally:
        for handler in handlers:
            library.removeHandler(handler)
            with contextlib.suppress(OSError):  # of a full disk, when what is buffered is written
                handler.close()


class Lines(io.TextIOBase):
    """Turns what a progress bar redraws into lines of a file."""

    def __init__(self, file: TextIO):
        self.file = file

    def write(self, text: str) -> int:
        """Write what is drawn as a line."""
        if shown := text.strip("\r\n "):
            self.file.write(shown + "\n")
        return len(text)

    def flush(self) -> None:
        """Flush the file."""
        self.file.flush()


def explain(error: BaseException, folder: Path) -> str:
    """An error's message; of a full disk one that says how full, where and what to do.

    Args:
        error: What was raised.
        folder: A folder on the disk that results are written to.
    """
    # HDF5 gives the operating system's error in its text alone, and not always as an OSError.
    if os.strerror(errno.ENOSPC) in str(error):
        free_mb = shutil.disk_usage(folder).free / 1e6
        return (
            f"{folder.resolve()}: expected room for this job's results, found {free_mb:.1f} MB free: "
            f"the disk is full; make room and run snakemake again ({error})"
        )
    return str(error) or type(error).__name__


def _file_handler(log_path: str | Path) -> logging.Handler:
    handler = logging.FileHandler(log_path, mode="w")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler


def _screen_handler() -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setFormatter(_ScreenFormatter())
    # An error is shown once, at the end.
    handler.addFilter(lambda record: record.levelno == logging.WARNING or getattr(record, "on_screen", False))
    return handler


class _ScreenFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return ("warning: " if record.levelno == logging.WARNING else "") + record.getMessage()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(CHECK_PARENT_EVERY_S)
    log.info("the process that started this job was killed: ending")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(LAST_CHANCE_S)
    os._exit(1)
