"""Runs a seccomp program as the kernel would: classic BPF over one call's number and arguments."""

from __future__ import annotations

import struct

from seccompy.syscalls import audit_arch, syscall_nr

ALLOWED = 0x7FFF_0000
_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_JUMP, _EQUAL, _GREATER, _AT_LEAST = 0x05, 0x15, 0x25, 0x35
_DATA = struct.Struct("=iIQ6Q")


def verdict(program: bytes, name: str, *arguments: int, machine: int | None = None) -> int | str:
    """What becomes of the call: "allowed", "killed" or the number of the error that it gets."""
    padded = [argument % (1 << 64) for argument in (*arguments, *(0,) * (6 - len(arguments)))]
    data = _DATA.pack(syscall_nr(name), audit_arch() if machine is None else machine, 0, *padded)
    found = _run(list(struct.iter_unpack("=HBBI", program)), data)
    if found == ALLOWED:
        return "allowed"
    return found & 0xFFFF if found >> 16 == 5 else "killed"


def _run(instructions: list[tuple[int, int, int, int]], data: bytes) -> int:
    at, held = 0, 0
    while True:
        code, if_so, if_not, value = instructions[at]
        at += 1
        if code == _LOAD:
            (held,) = struct.unpack_from("=I", data, value)
        elif code == _AND:
            held &= value
        elif code == _RETURN:
            return value
        elif code == _JUMP:
            at += value
        else:
            holds = {_EQUAL: held == value, _GREATER: held > value, _AT_LEAST: held >= value}[code]
            at += if_so if holds else if_not
