"""What a package may rightly expect: a sandbox in which this does not work is none for anybody."""

import asyncio
import concurrent.futures
import ctypes
import fcntl
import hashlib
import json
import locale
import mmap
import multiprocessing
import os
import pwd
import queue
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
import zoneinfo

from steamship.utils.kv_store import KeyValueStore

from attacks.memory import own_memory

CONTROLS = {}


def control(function):
    CONTROLS[function.__name__] = function
    return function


def _path(name):
    return os.path.join(tempfile.gettempdir(), name)


@control
def api_by_client(package):
    store = KeyValueStore(package.client, "control")
    store.set("word", {"is": "kept"})
    assert store.get("word") == {"is": "kept"}


@control
def api_by_http(package):
    config = package.client.config
    key = config.api_key.get_secret_value()
    request = urllib.request.Request(
        f"{config.api_base}workspace/get", b"{}",
        {"authorization": f"Bearer {key}", "content-type": "application/json"},
    )  # fmt: skip
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
        assert answer.status == 200


@control
def scratch(package):
    for name in ("HOME", "TMPDIR"):
        with open(os.path.join(os.environ[name], "control.txt"), "w") as file:
            file.write("here")
    os.makedirs(_path("a/b/c"), exist_ok=True)
    os.rename(_path("control.txt"), _path("a/b/control.txt"))
    os.symlink("b/control.txt", _path("a/link"))
    os.link(_path("a/b/control.txt"), _path("a/b/c/hard"))
    with open(_path("a/link")) as file:
        assert file.read() == "here"
    subprocess.run(["/bin/rm", "-r", _path("a")], check=True)


@control
def tmp(package):
    """Programs that know no TMPDIR write there."""
    with tempfile.NamedTemporaryFile(dir="/tmp") as file:
        file.write(b"here")


@control
def temporary_files(package):
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(b"x" * 100_000)
        file.flush()
        with open(file.name, "rb") as same, mmap.mmap(same.fileno(), 0, access=mmap.ACCESS_READ) as seen:
            fcntl.flock(same, fcntl.LOCK_EX | fcntl.LOCK_NB)
            assert seen[:1] == b"x"


@control
def threads(package):
    told = queue.Queue()
    made = [threading.Thread(target=told.put, args=(number,)) for number in range(20)]
    for thread in made:
        thread.start()
    for thread in made:
        thread.join()
    assert {told.get() for _ in made} == set(range(20))


@control
def pools(package):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(str, range(10))) == [str(number) for number in range(10)]


@control
def sqlite(package):
    path = _path("control.db")
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
        database.execute("CREATE TABLE IF NOT EXISTS word (text)")
        database.execute("INSERT INTO word VALUES ('kept')")
    with sqlite3.connect(path) as again:
        assert again.execute("SELECT text FROM word").fetchone() == ("kept",)


@control
def shell(package):
    done = subprocess.run(
        "echo one | cat; ls / >/dev/null; id -u", shell=True, check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["one", str(os.getuid())], done


@control
def python(package):
    program = "import ssl, sqlite3, json; print(json.dumps(2))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "2\n"


@control
def python_on_path(package):
    subprocess.run(["python", "-c", "import steamship"], check=True, capture_output=True)


def _double(number):
    return number * 2


@control
def multiprocessing_fork(package):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(_double, range(5)) == [0, 2, 4, 6, 8]


@control
def multiprocessing_spawn(package):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(abs, [-1]) == [1]


@control
def event_loop(package):
    async def work():
        reader, writer = os.pipe()
        process = await asyncio.create_subprocess_exec("/bin/echo", "said", stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        os.close(reader)
        os.close(writer)
        return out, await asyncio.to_thread(_double, 4), await asyncio.gather(asyncio.sleep(0, "slept"))

    assert asyncio.run(work()) == (b"said\n", 8, ["slept"])


@control
def local_sockets(package):
    one, other = socket.socketpair()
    with one, other:
        one.sendall(b"word")
        assert other.recv(4) == b"word"


@control
def tls(package):
    context = ssl.create_default_context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    return len(context.get_ca_certs())


@control
def time_zones(package):
    assert zoneinfo.ZoneInfo("Europe/Berlin").key == "Europe/Berlin"
    time.tzset()


@control
def words(package):
    locale.setlocale(locale.LC_ALL, "")
    assert sys.getfilesystemencoding() == "utf-8"
    with open(_path("grüße.txt"), "w") as file:
        file.write("grüße")


@control
def devices(package):
    with open("/dev/null", "wb") as nothing, open("/dev/urandom", "rb") as chance, open("/dev/zero", "rb") as zero:
        nothing.write(b"gone")
        assert chance.read(16) != chance.read(16)
        assert zero.read(4) == bytes(4)
    assert len(os.urandom(8)) == 8
    assert uuid.uuid4() != uuid.uuid4()


@control
def signals(package):
    """In a thread of the test's own making no handler can be set; a child of it has a main thread."""
    child = os.fork()
    if child == 0:
        heard = []
        signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
        signal.setitimer(signal.ITIMER_REAL, 1000)
        os.kill(os.getpid(), signal.SIGUSR1)
        os._exit(0 if heard else 1)
    assert os.waitpid(child, 0)[1] == 0


@control
def own_children(package):
    child = subprocess.Popen(["sleep", "1000"])
    child.kill()
    assert child.wait() == -signal.SIGKILL
    assert os.path.exists(f"/proc/{os.getpid()}/status")


@control
def users(package):
    """Libraries ask who they are."""
    assert os.path.expanduser("~") == os.environ["HOME"]
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        return "without a name"


@control
def c_library(package):
    assert ctypes.CDLL(None).getpid() == os.getpid()
    assert hashlib.sha256(b"").hexdigest().startswith("e3b0")
    assert json.loads("[1]") == [1]


@control
def processors(package):
    assert len(os.sched_getaffinity(0)) >= 1
    assert os.uname().sysname == "Linux"
    assert os.getloadavg()


@control
def its_own_word(package):
    """What the search for others' words would find if there were any."""
    word = package.config.word.get_secret_value()
    assert word in own_memory()
