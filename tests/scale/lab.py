"""What the scripts here share: hosts in network namespaces, simulated devices, a measured scan.

Python 3.9 or newer and iproute2, nothing else.
"""

import argparse
import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SCRIPT = f"tests/scale/{pathlib.Path(sys.argv[0]).name}"
PORT = 37020
CLONE_NEWNET = 0x40000000
PR_SET_CHILD_SUBREAPER = 36
NOBODY = 65534
RMEM_MAX = pathlib.Path("/proc/sys/net/core/rmem_max")
LIBC = ctypes.CDLL(None, use_errno=True)


def parser(doc):
    """The options all scripts have."""
    summary, _, details = doc.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    root = pathlib.Path(__file__).resolve().parents[2]
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target"))
    parser.add_argument("--binary", type=pathlib.Path, default=target / "release/sadpctl")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--unprivileged", action="store_true",
                        help="scan as nobody, without any capability")
    parser.add_argument("--rmem-max", type=positive, metavar="BYTES",
                        help="set net.core.rmem_max of this machine meanwhile; 212992 is usual")
    parser.add_argument("--timeout", type=positive, default=180, metavar="SECONDS",
                        help="the most a command may take (default: 180)")
    return parser


@contextlib.contextmanager
def prepared(options):
    """A scratch folder and the binary in it, with all that measuring needs."""
    if os.geteuid() != 0:
        sys.exit(f"{SCRIPT}: needs root to make network namespaces: sudo {SCRIPT}")
    if not shutil.which("ip"):
        sys.exit(f"{SCRIPT}: needs the command `ip`: apt-get install iproute2")
    if not options.binary.is_file():
        sys.exit(f"{SCRIPT}: no {options.binary}: cargo build --release")
    # Ends like an interrupt, so that everything is cleaned up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryDirectory(prefix="sadpctl-scale-") as folder:
        scratch = pathlib.Path(folder)
        with receive_limit(options.rmem_max):
            yield scratch, reachable_copy(options.binary, scratch)


def run(main):
    """Runs a script's main; an interrupt ends it quietly."""
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)


def table(columns):
    """Begins a Markdown table."""
    print("| " + " | ".join(columns) + " |")
    print("|" + " --- |" * len(columns), flush=True)


def line(cells):
    """A row of it."""
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def words(text):
    return text.split(",")


def numbers(text):
    return [positive(number) for number in words(text)]


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def reachable_copy(binary, scratch):
    """The binary where nobody may run it too."""
    scratch.chmod(0o755)
    copy = scratch / "sadpctl"
    shutil.copyfile(binary, copy)
    copy.chmod(0o755)
    return copy


@contextlib.contextmanager
def receive_limit(limit):
    """The largest receive buffer a program may ask for; put back at the end."""
    if limit is None:
        yield
        return
    before = RMEM_MAX.read_text()
    RMEM_MAX.write_text(str(limit))
    try:
        yield
    finally:
        RMEM_MAX.write_text(before)


class Hosts:
    """Hosts in namespaces of their own, removed at the end."""

    NAMES = ()

    def __init__(self):
        for name in self.NAMES:
            setattr(self, name, f"sadpctl-scale-{os.getpid()}-{name}")

    def __enter__(self):
        try:
            for host in self.all():
                ip("netns", "add", host)
                ip("-n", host, "link", "set", "lo", "up")
            self.connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for host in self.all():
            subprocess.run(["ip", "netns", "del", host], stderr=subprocess.DEVNULL, check=False)

    def all(self):
        return [getattr(self, name) for name in self.NAMES]

    def connect(self):
        """Wires and addresses."""

    @staticmethod
    def wire(*ends):
        """A wire between two ends: host, network card, address."""
        (host, card, _), (other, its_card, _) = ends
        ip("link", "add", card, "netns", host, "type", "veth", "peer", "name", its_card, "netns", other)
        for end, name, address in ends:
            ip("-n", end, "address", "add", address, "broadcast", "+", "dev", name)
            # No IPv6 of its own: nothing but the programs speaks on this wire.
            ip("-n", end, "link", "set", name, "addrgenmode", "none")
            ip("-n", end, "link", "set", name, "up")


class Lan(Hosts):
    """Two hosts on one wire: `installer` scans, `cameras` answers."""

    NAMES = ("installer", "cameras")

    def connect(self):
        self.wire((self.installer, "lan0", "10.77.0.1/16"), (self.cameras, "lan0", "10.77.0.2/16"))


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{SCRIPT}: ip {' '.join(words)}: {done.stderr.strip()}")


class Case:
    """One row: a site that is played, and a scan of it."""

    # What the scan prints: `found` reads it.
    format = "ndjson"

    def __init__(self, binary, options, sim, scan):
        self.binary, self.options = binary, options
        self.sim = [binary, "sim", "run", "-i", "lan0", "--seed", options.seed, *sim]
        self.scan = [binary, "scan", "-i", "lan0", "--format", self.format, *scan]

    def run(self, lan, scratch):
        with playing(self.sim, lan, scratch) as (sim, log):
            before = udp(lan.installer), udp(lan.cameras)
            measured = self.scan_once(lan, scratch, sim)
            settle(sim, log)
            after = udp(lan.installer), udp(lan.cameras)
            measured["sim_rss"] = memory(sim.pid, "VmHWM")
        grown = lambda host, name: after[host][name] - before[host][name]
        measured["asked"] = grown(0, "OutDatagrams")
        measured["answered"] = grown(1, "OutDatagrams")
        measured["dropped"] = grown(0, "RcvbufErrors")
        return measured

    def scan_once(self, lan, scratch, sim):
        user = NOBODY if self.options.unprivileged else None
        with (scratch / "scan.ndjson").open("w+") as out, (scratch / "scan.log").open("w+") as log:
            begun = time.monotonic()
            # The kernel counts the peak of a process's starter as its own. So a small shell starts
            # the scan and leaves it to us, who adopt orphans: see `prepared`.
            shell = start(["/bin/sh", "-c", '"$@" &', "sh", *self.scan], lan.installer, user=user,
                          start_new_session=True, stdout=out, stderr=log)
            signal.signal(signal.SIGALRM, lambda *_: kill_group(shell.pid))
            signal.alarm(self.options.timeout)
            try:
                shell.wait()
                status, used = adopted(sim)
                wall = time.monotonic() - begun
            finally:
                signal.alarm(0)
                kill_group(shell.pid)
            code = os.waitstatus_to_exitcode(status)
            # 3 is "no device found", which is a figure too.
            if code not in (0, 3):
                sys.exit(f"{SCRIPT}: scan ended with {code}: {tail(log)}")
            out.seek(0)
            return {
                "found": found(out),
                "wall": wall,
                "cpu": used.ru_utime + used.ru_stime,
                "rss": used.ru_maxrss * 1024,
            }


@contextlib.contextmanager
def playing(command, lan, scratch):
    """Simulated devices, ready to answer."""
    with (scratch / "sim.log").open("w+") as log:
        sim = start(command, lan.cameras, stdout=log, stderr=log)
        try:
            settle(sim, log)
            yield sim, log
        finally:
            stop(sim)


def kill_group(leader):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def adopted(sim):
    """Waits for the one child besides the simulation. Returns how it ended and what it used."""
    pid, status, used = os.wait4(-1, 0)
    if pid == sim.pid:
        sim.returncode = os.waitstatus_to_exitcode(status)
        sys.exit(f"{SCRIPT}: sim run ended with {sim.returncode} during the scan")
    return status, used


def start(command, host, user=None, **streams):
    """Starts a command on a host of the LAN, as root or with no privilege at all."""
    namespace = os.open(f"/run/netns/{host}", os.O_RDONLY)

    def enter():
        if LIBC.setns(namespace, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        if user is not None:
            # Leaving user 0 drops all capabilities.
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)

    try:
        return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                env={"PATH": os.defpath, "HOME": "/nonexistent"}, cwd="/",
                                preexec_fn=enter, **streams)
    finally:
        os.close(namespace)


def settle(sim, log, patience=60):
    """Waits until the devices listen and have said what they have to say: Hello, late answers."""
    deadline = time.monotonic() + patience
    sent, calm = None, 0
    while calm < 5:
        if sim.poll() is not None:
            sys.exit(f"{SCRIPT}: sim run ended with {sim.returncode}: {tail(log)}")
        if time.monotonic() > deadline:
            sys.exit(f"{SCRIPT}: sim run was not ready after {patience} s: {tail(log)}")
        time.sleep(0.1)
        try:
            if not listens(sim.pid):
                continue
            now = counters(pathlib.Path(f"/proc/{sim.pid}/net/snmp").read_text())["OutDatagrams"]
        except OSError:
            # It just ended: told above.
            continue
        calm = calm + 1 if now == sent else 0
        sent = now


def listens(pid):
    rows = pathlib.Path(f"/proc/{pid}/net/udp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(f":{PORT:04X}") for line in rows)


def stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def udp(host):
    """The host's UDP counters. RcvbufErrors: datagrams that found their socket's buffer full."""
    done = subprocess.run(["ip", "netns", "exec", host, "cat", "/proc/net/snmp"],
                          capture_output=True, text=True, check=True)
    return counters(done.stdout)


def counters(snmp):
    names, values = (line.split()[1:] for line in snmp.splitlines() if line.startswith("Udp:"))
    return dict(zip(names, map(int, values)))


def found(lines):
    """How many different devices the scan told of, as ndjson or as a table."""
    lines = [line for line in lines if line.strip()]
    if lines and lines[0].startswith("STATE"):
        return len(set(lines[1:]))
    devices = (json.loads(line) for line in lines)
    return len({(device["mac"], device["serial"], device["ipv4"]["address"]) for device in devices})


def memory(pid, name):
    """VmHWM: the most it had resident, in bytes; VmRSS: what it has now."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    kibibytes = next(line.split()[1] for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(kibibytes) * 1024


def tail(log):
    log.seek(0)
    return log.read().strip()[-600:] or "it said nothing"


def percent(part, whole):
    """Never rounded up to a hundred."""
    if part == whole:
        return "100 %"
    return f"{int(part * 1000 / whole) / 10} % ({part})"


def mebibytes(count):
    return f"{count / 2**20:.1f} MiB"
