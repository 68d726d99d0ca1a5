"""Landlock: which files a process may reach, with all that come of it. Constants are those of `linux/landlock.h`."""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION = 1
_BENEATH, _PORT = 1, 2

_EXECUTE, _WRITE, _READ, _LIST = 1, 2, 4, 8
_REFER, _TRUNCATE, _IOCTL = 1 << 13, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE | _IOCTL
_BIND, _CONNECT = 1, 2
_SCOPES = 3
"""Abstract Unix sockets and signals: only within."""

_SINCE = {_REFER: 2, _TRUNCATE: 3, _IOCTL: 5}
_PORTS_SINCE, _SCOPES_SINCE = 4, 6

_syscall = ctypes.CDLL(None, use_errno=True).syscall
_syscall.restype = ctypes.c_long


def version() -> int:
    """The version that the kernel has; 0 where it has none or it is switched off."""
    return max(int(_syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)), 0)


def restrict(read: Iterable[str], write: Iterable[str], ports: "Iterable[int] | None" = None) -> None:
    """Let this process read and execute what lies below `read`, and do all to what lies below `write`.

    With `ports`, TCP connects to these alone and listens nowhere. Raises OSError; paths that do not exist are left out.
    """
    known = version()
    files = sum(1 << bit for bit in range(13)) | sum(
        right for right, since in _SINCE.items() if known >= since
    )
    of_ports = _BIND | _CONNECT if ports is not None and known >= _PORTS_SINCE else 0
    scopes = _SCOPES if known >= _SCOPES_SINCE else 0
    attributes = struct.pack("QQQ", files, of_ports, scopes)[: 24 if scopes else 16 if of_ports else 8]
    rules = _call(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        for path in read:
            _allow(rules, path, files & (_EXECUTE | _READ | _LIST))
        for path in write:
            _allow(rules, path, files)
        for port in ports or () if of_ports else ():
            _call(_ADD, rules, _PORT, struct.pack("QQ", _CONNECT, port), 0)
        _call(_RESTRICT, rules, 0)
    finally:
        os.close(rules)


def scope() -> None:
    """Let this process send signals and connect to abstract Unix sockets only among those that come of it.

    It may still mount. Nothing happens where the kernel has none of that. Raises OSError.
    """
    if version() < _SCOPES_SINCE:
        return
    rules = _call(_CREATE, struct.pack("QQQ", 0, 0, _SCOPES), ctypes.c_size_t(24), 0)
    try:
        _call(_RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_FILES
        _call(_ADD, rules, _BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)


def _call(number: int, *arguments: object) -> int:
    result = int(_syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, "landlock: %s" % os.strerror(code))
    return result
