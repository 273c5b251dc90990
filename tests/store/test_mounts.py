"""Network file systems, by tables of mounts as Linux writes them; labs on them are not written."""

import sqlite3
from pathlib import PurePosixPath

import pytest
from sqlalchemy.exc import OperationalError

from paribus.store.mounts import network_mount_of
from paribus.store.sqlite import SqliteDatabase

TABLE = r"""
overlay / overlay rw,relatime 0 0
proc /proc proc rw 0 0
/dev/sda1 /home ext4 rw 0 0
server:/export /home/ada/shared nfs4 rw,vers=4.2,addr=10.0.0.1 0 0
/dev/sdb1 /home/ada/shared/scratch xfs rw 0 0
//nas/labs /mnt/my\040labs\134x cifs rw 0 0
ada@far:/ /mnt/far fuse.sshfs rw 0 0
tmpfs /mnt/twice tmpfs rw 0 0
server:/b /mnt/twice nfs rw 0 0
server:/c /mnt/over nfs rw 0 0
/dev/sdc1 /mnt/over ext4 rw 0 0
broken line
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/ada/shared", "nfs4"),
        ("/home/ada/shared/labs/mine", "nfs4"),
        ("/home/ada/shared-not", None),
        ("/home/ada", None),
        ("/home/ada/shared/scratch/lab", None),
        ("/mnt/my labs\\x/lab", "cifs"),
        ("/mnt/far", "fuse.sshfs"),
        ("/mnt/twice/lab", "nfs"),
        ("/mnt/over/lab", None),
        ("/lab", None),
        ("/", None),
    ],
)
def test_the_innermost_mount_decides(folder, kind):
    assert network_mount_of(PurePosixPath(folder), TABLE) == kind


@pytest.mark.parametrize("table", ["", "\n\n", "one two"])
def test_without_a_table_nothing_is_known(table):
    assert network_mount_of(PurePosixPath("/lab"), table) is None


def test_what_a_foreign_schema_calls_is_not_trusted(tmp_path):
    path = tmp_path / "lab.sqlite"
    foreign = sqlite3.connect(path)
    foreign.execute("CREATE VIEW trap AS SELECT effect() AS done")
    foreign.close()

    database = SqliteDatabase(path)
    with database.reading() as connection:
        connection.connection.create_function("effect", 0, lambda: 1)
        assert connection.exec_driver_sql("SELECT effect()").scalar_one() == 1
        with pytest.raises(OperationalError, match=r"unsafe use of effect\(\)"):
            connection.exec_driver_sql("SELECT * FROM trap")
        assert connection.exec_driver_sql("PRAGMA cell_size_check").scalar_one() == 1
    database.close()
