"""Whether a folder lies on a network file system, where SQLite's log cannot be kept."""

import re
from pathlib import Path, PurePath

MOUNTS = Path("/proc/self/mounts")

NETWORK = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "afpfs", "davfs", "ceph"),
        *("lustre", "glusterfs", "gpfs", "beegfs", "pvfs2", "orangefs", "gfs2", "ocfs2"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.rclone"),
        *("fuse.s3fs", "fuse.gcsfuse", "fuse.davfs", "fuse.juicefs", "fuse.mount-s3"),
    }
)
"""Kinds of file systems whose files another machine may change at the same time."""


def network_file_system(folder: Path) -> str | None:
    """The kind of the network file system that the folder lies on ("nfs4"), None on a local one.

    Also None where the system has no table of its mounts.
    """
    try:
        table = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    return network_mount_of(folder.resolve(), table)


def network_mount_of(folder: PurePath, table: str) -> str | None:
    """The same by a table of mounts as Linux writes it; `folder` is absolute, without links."""
    kinds: dict[PurePath, str] = {}
    for line in table.splitlines():
        fields = line.split(" ")
        if len(fields) >= 3:
            # Of two mounts on one folder the later one is seen.
            kinds[PurePath(_unescaped(fields[1]))] = fields[2]
    for place in (folder, *folder.parents):
        if place in kinds:
            return kinds[place] if kinds[place] in NETWORK else None
    return None


def _unescaped(field: str) -> str:
    """A field of the table, where spaces and the like are written in octal."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)
