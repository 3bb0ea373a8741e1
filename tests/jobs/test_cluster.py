"""A Dask cluster that loses workers, has other versions, or is not there."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quant_tui.domain.errors import (
    ClusterUnavailable,
    InvalidInput,
    QuantError,
    VersionsDiffer,
    WorkerLost,
)
from quant_tui.jobs import cluster as module
from quant_tui.jobs.cluster import ClusterAddress, ClusterTasks
from quant_tui.jobs.task_runs import HeldTasks
from tests.jobs import tasks
from tests.jobs.dask_cluster import DaskCluster, wait_until

Client = pytest.importorskip("distributed", reason="the extra cluster is not installed").Client

PARTS = list(range(12))
SQUARES = [part * part for part in PARTS]


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    cluster = DaskCluster(tmp_path_factory.mktemp("dask"))
    yield cluster
    cluster.close()


@pytest.fixture
def workers(dask: DaskCluster) -> Iterator[ClusterTasks]:
    """The cluster with two workers, whatever the test before did to it."""
    dask.fill(2)
    workers = ClusterTasks(ClusterAddress(dask.address), tasks.versions)
    wait_until(lambda: workers.state.workers == 2)
    yield workers
    workers.close()


def keep_one_copy(dask: DaskCluster) -> None:
    """Have the scheduler drop the copies of data that it thinks nobody needs, as it does."""
    with Client(dask.address, set_as_default=False) as client:
        client.amm.run_once()
        wait_until(lambda: all(len(who) == 1 for who in client.who_has().values()))


def kill_when_begun(folder: Path) -> int:
    """Kill the worker that is in the middle of part 0, and say which it was."""
    began = folder / "began-0"
    wait_until(lambda: began.exists() and bool(began.read_text()))
    process = int(began.read_text())
    os.kill(process, signal.SIGKILL)
    return process


def test_a_worker_killed_in_the_middle_changes_no_figure(
    dask: DaskCluster, workers: ClusterTasks, tmp_path: Path
) -> None:
    killed: list[int] = []

    def kill() -> None:
        killed.append(kill_when_begun(tmp_path))
        wait_until(lambda: workers.state.workers == 1)
        (tmp_path / "go").touch()

    killer = threading.Thread(target=kill)
    killer.start()
    with HeldTasks(lambda: workers, tasks.wait_for_file, tmp_path) as held:
        assert held.run(PARTS) == SQUARES
    killer.join()
    assert killed[0] in {one.pid for one in dask.workers}
    assert workers.state.workers == 1, "one was killed, and the other did its work"


def test_a_task_that_ends_every_worker_fails_clearly(
    dask: DaskCluster, workers: ClusterTasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WITHOUT_WORKERS_SECONDS", 3.0)
    dask.fill(3)
    wait_until(lambda: workers.state.workers == 3)
    with (
        HeldTasks(lambda: workers, tasks.die, None) as held,
        pytest.raises(WorkerLost, match="3 workers ended one after another"),
    ):
        held.run(PARTS)


def test_a_task_that_takes_its_data_along_is_blamed_for_every_worker(
    dask: DaskCluster, workers: ClusterTasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WITHOUT_WORKERS_SECONDS", 1.0)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.1)
    dask.fill(3)
    wait_until(lambda: workers.state.workers == 3)
    with HeldTasks(lambda: workers, tasks.die, None) as held:
        assert held.run([0]) == [0]
        keep_one_copy(dask)
        with pytest.raises(WorkerLost, match="3 workers ended one after another"):
            held.run([3])


def test_data_that_all_their_workers_took_along_are_sent_again(
    dask: DaskCluster, workers: ClusterTasks, tmp_path: Path
) -> None:
    def kill() -> None:
        kill_when_begun(tmp_path)
        dask.kill_workers()
        wait_until(lambda: workers.state.workers == 0)
        (tmp_path / "go").touch()
        dask.fill(1)

    killer = threading.Thread(target=kill)
    killer.start()
    with HeldTasks(lambda: workers, tasks.wait_for_file, tmp_path) as held:
        assert held.run(PARTS) == SQUARES
    killer.join()


def test_a_cluster_without_workers_is_given_up(
    dask: DaskCluster, workers: ClusterTasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WITHOUT_WORKERS_SECONDS", 0.5)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.1)

    def kill() -> None:
        kill_when_begun(tmp_path)
        dask.kill_workers()

    killer = threading.Thread(target=kill)
    killer.start()
    with (
        HeldTasks(lambda: workers, tasks.wait_for_file, tmp_path) as held,
        pytest.raises(ClusterUnavailable, match="lost all its workers"),
    ):
        held.run([0, 1])
    killer.join()
    with (
        HeldTasks(lambda: workers, tasks.wait_for_file, tmp_path) as held,
        pytest.raises(ClusterUnavailable, match="has no worker"),
    ):
        held.run([0, 1])


def test_a_worker_of_another_version_runs_nothing(
    dask: DaskCluster, workers: ClusterTasks, tmp_path: Path
) -> None:
    odd = dask.add_worker({tasks.ENGINE: "2"})
    wait_until(lambda: workers.state.workers == 3)
    try:
        with (
            HeldTasks(lambda: workers, tasks.wait_for_file, tmp_path) as held,
            pytest.raises(VersionsDiffer, match="has engine 2 instead of 1"),
        ):
            held.run(PARTS)
        assert not list(tmp_path.glob("began-*")), "before anything ran"
        with pytest.raises(VersionsDiffer, match=r"The worker tcp://.* has engine 2"):
            ClusterTasks(ClusterAddress(dask.address), tasks.versions)
    finally:
        odd.kill()
        wait_until(lambda: workers.state.workers == 2)


def test_a_worker_of_another_version_that_joins_later_refuses(
    dask: DaskCluster, workers: ClusterTasks, tmp_path: Path
) -> None:
    with HeldTasks(lambda: workers, tasks.wait_for_file, tmp_path) as held:
        (tmp_path / "go").touch()
        assert held.run(PARTS) == SQUARES
        dask.kill_workers()
        odd = dask.add_worker({tasks.ENGINE: "2"})
        wait_until(lambda: workers.state.workers == 1)
        with pytest.raises(VersionsDiffer, match="has engine 2 instead of 1"):
            held.run(PARTS)
    odd.kill()
    wait_until(lambda: workers.state.workers == 0)


@pytest.mark.parametrize(
    ("address", "kind", "message"),
    [
        ("nonsense", InvalidInput, "no address of a scheduler"),
        ("carrier-pigeon://here:1", InvalidInput, "no address of a scheduler"),
        ("tcp://127.0.0.1:1", ClusterUnavailable, "cannot be reached"),
        ("tls://127.0.0.1:1", ClusterUnavailable, "cannot be reached"),
    ],
)
def test_an_address_where_nothing_is(
    address: str, kind: type[QuantError], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.3)
    with pytest.raises(kind, match=message):
        ClusterTasks(ClusterAddress(address), tasks.versions)


def test_files_for_tls_that_are_not_there_are_named() -> None:
    with pytest.raises(InvalidInput, match=r"/no/ca\.pem for TLS is not there"):
        ClusterTasks(ClusterAddress("tls://127.0.0.1:1", ca="/no/ca.pem"), tasks.versions)


def test_tls_with_ones_own_files(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    options = (
        *("--protocol", "tls", "--tls-ca-file", str(certificate)),
        *("--tls-cert", str(certificate), "--tls-key", str(key)),
    )
    secret = DaskCluster(tmp_path, workers=1, options=options)
    try:
        where = ClusterAddress(secret.address, str(certificate), str(certificate), str(key))
        assert where.address.startswith("tls://")
        workers = ClusterTasks(where, tasks.versions)
        try:
            with HeldTasks(lambda: workers, tasks.fail_at, set()) as held:
                assert held.run(PARTS) == PARTS
        finally:
            workers.close()
    finally:
        secret.close()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """Write a certificate that is its own authority, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files
