"""Opens every file that standard input names in a child process with limits on memory and time: a mapping of
tensors or a PthError, never anything else. A file that is truncated while it is open must be an error too.

    PYTHONPATH=folder of the package python3 open_all.py FOLDER < names
"""
import os
import pathlib
import resource
import shutil
import sys

import pth2swt


def use(path):
    try:
        with pth2swt.open(path) as file:
            for name in file:
                if file.nbytes(name) <= 1 << 26:
                    file[name], file.shape(name), file.dtype_name(name)
    except pth2swt.PthError as error:
        return 1 if str(error) else 2
    return 0


def in_child(function, *arguments):
    """The function's result in a process of its own; 256 and more for anything but a return."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
            resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            code = function(*arguments)
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 256 + os.WTERMSIG(status)


def truncated_while_open(path):
    """Reads of what is gone are errors; 0 if each was."""
    with pth2swt.open(path) as file:
        names = list(file)
        os.truncate(path, 100)
        for name in names:
            if file.nbytes(name) == 0:
                continue
            try:
                file[name]
            except pth2swt.PthError:
                continue
            return 4
    return 0


def main():
    counts = {0: 0, 1: 0}
    failed = 0
    for line in sys.stdin:
        name = line.rstrip("\n")
        result = in_child(use, name)
        if result in counts:
            counts[result] += 1
        else:
            failed += 1
            print(f"FAIL {name}: {result}")
    copy = pathlib.Path(sys.argv[1], "truncated.pth")
    for source in ("resnext_small.pth", "resnext_small_legacy.pth"):
        path = pathlib.Path("Fixtures/checkpoints", source)
        if not path.exists():
            continue
        shutil.copy(path, copy)
        if (result := in_child(truncated_while_open, copy)) != 0:
            failed += 1
            print(f"FAIL {source}, truncated while open: {result}")
    print(f"{counts[0]} opened, {counts[1]} refused, {failed} neither")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
