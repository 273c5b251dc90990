"""What a published data set consists of: its files, their sizes and checksums, and its mirrors."""

from dataclasses import dataclass


@dataclass(frozen=True)
class OfficialFile:
    """One file as its publisher distributes it.

    `md5` is what publishers print beside their links (None where they print none); only `sha256`
    decides.
    """

    name: str
    bytes: int
    md5: str | None
    sha256: str


@dataclass(frozen=True)
class Archive:
    """The one `.tar.gz` that all files of a data set are published in, each in its `folder`.

    `pickled` names what the same data is called as Python pickles, which are never opened.
    """

    file: OfficialFile
    folder: str
    pickled: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileSet:
    """The files of one data set and where they are published.

    `name` is the folder that they lie in, `title` what people call the data set; the address of a
    file (of the archive, where there is one) is a mirror followed by the file's name, so every
    mirror ends with a slash.
    """

    name: str
    title: str
    files: tuple[OfficialFile, ...]
    mirrors: tuple[str, ...]
    archive: Archive | None = None

    @property
    def places(self) -> tuple[str, ...]:
        """The folders in a data folder that the files may lie in; they belong into the first."""
        if self.archive is None:
            return (self.name,)
        inner = self.archive.folder
        return (f"{self.name}/{inner}", self.name, inner)
