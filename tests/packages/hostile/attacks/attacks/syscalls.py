"""System calls by name, on x86_64 and aarch64."""

import ctypes
import errno
import os
import platform

# (x86_64, aarch64)
_NUMBERS = {
    "acct": (163, 89), "add_key": (248, 217), "bpf": (321, 280), "capget": (125, 90), "capset": (126, 91),
    "clone": (56, 220), "clone3": (435, 435), "fanotify_init": (300, 262), "finit_module": (313, 273),
    "fsopen": (430, 430), "init_module": (175, 105), "io_uring_setup": (425, 425), "iopl": (172, None),
    "kcmp": (312, 272), "kexec_load": (246, 104), "keyctl": (250, 219), "mbind": (237, 235),
    "mount": (165, 40), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "open_tree": (428, 428), "perf_event_open": (298, 241), "personality": (135, 92),
    "pidfd_getfd": (438, 438), "pidfd_open": (434, 434), "pivot_root": (155, 41),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "ptrace": (101, 117),
    "quotactl": (179, 60), "reboot": (169, 142), "sethostname": (170, 161), "setns": (308, 268),
    "settimeofday": (164, 170), "swapon": (167, 224), "syslog": (103, 116), "umount2": (166, 39),
    "unshare": (272, 97), "userfaultfd": (323, 282),
}  # fmt: skip
_MACHINE = {"x86_64": 0, "aarch64": 1}[platform.machine()]

# It keeps the interpreter's lock: a child made by `clone` must be able to go on.
_syscall = ctypes.PyDLL(None, use_errno=True).syscall
_syscall.restype = ctypes.c_long


def call(name, *arguments):
    """The call's result. Raises OSError; ENOSYS where the machine has no such call."""
    number = _NUMBERS[name][_MACHINE]
    if number is None:
        raise OSError(errno.ENOSYS, name)
    ctypes.set_errno(0)
    result = _syscall(ctypes.c_long(number), *(_word(argument) for argument in arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def reached(name, *arguments, refusals=(errno.EPERM, errno.EACCES, errno.ENOSYS, errno.ESRCH)):
    """Evidence that the call got past every check of rights: it worked, or it failed on its arguments.

    So a call with arguments that cannot do anything shows whether one that could would be let through.
    """
    try:
        return call(name, *arguments)
    except OSError as error:
        if error.errno in refusals:
            raise
        return errno.errorcode[error.errno]


def _word(argument):
    return ctypes.c_long(argument) if isinstance(argument, int) else argument
