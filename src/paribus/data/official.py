"""What a published data set consists of: its files, their sizes and checksums, and its mirrors."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OfficialFile:
    """One file as its publisher distributes it.

    `md5` is what publishers print beside their links; only `sha256` decides.
    """

    name: str
    bytes: int
    md5: str
    sha256: str


@dataclass(frozen=True)
class FileSet:
    """The files of one data set and where they are published.

    `name` is the folder that they lie in, `title` what people call the data set; a file's address
    is a mirror followed by the file's name, so every mirror ends with a slash.
    """

    name: str
    title: str
    files: tuple[OfficialFile, ...]
    mirrors: tuple[str, ...]
