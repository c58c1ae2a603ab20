"""Undoes what forgetful_disk.c has noted and nobody has synced: what a machine finds after its power was cut."""

import os
import pathlib
import shutil


class Disk:
    """The folder `root`, for programs that run with environment()."""

    def __init__(self, library, root, notes, forgets_folders=False):
        """`forgets_folders`: a new folder is gone with all that is in it where its parent was not synced; file systems
        with a journal keep it as soon as anything in it is synced."""
        self.library, self.root, self.notes = library, root, pathlib.Path(notes)
        self.forgets_folders = forgets_folders
        self.kept = pathlib.Path(f"{notes}.d")
        self.clear()

    def environment(self):
        return {**os.environ, "LD_PRELOAD": str(self.library), "FORGETFUL_ROOT": str(self.root),
                "FORGETFUL_NOTES": str(self.notes)}

    def clear(self):
        shutil.rmtree(self.kept, ignore_errors=True)
        self.kept.mkdir()
        self.notes.write_text("")

    def cut(self, survives=lambda count: 0):
        """The program is dead. Of the changes of each file and each folder the first `survives(how many)` are kept."""
        data, entries = {}, {}  # What is not synced, by inode and by folder, each with its place in the order.
        for order, line in enumerate(self.notes.read_text().splitlines()):
            what, *fields = line.split("\t")
            if what in ("write", "cut"):
                data.setdefault(fields[0], []).append((order, what, fields))
            elif what == "sync":
                data.pop(fields[0], None)
            elif what == "folder":
                entries.pop(fields[0], None)
            else:
                path = fields[2] if what == "rename" else fields[1]
                entries.setdefault(os.path.dirname(path), []).append((order, what, fields))
        undone = 0
        # Bytes first: their files have other names, or none, afterwards.
        inodes = {path.stat().st_ino: path for folder in (pathlib.Path(self.root), self.kept)
                  for path in folder.rglob("*") if path.is_file()}
        for inode, changes in data.items():
            for _, what, fields in reversed(changes[survives(len(changes)):]):
                undone += self.undo_data(inodes.get(int(inode)), what, fields)
        left = [change for changes in entries.values() for change in changes[survives(len(changes)):]]
        for _, what, fields in sorted(left, reverse=True):
            undone += self.undo_entry(what, fields)
        self.clear()
        return undone

    def undo_data(self, path, what, fields):
        if path is None:  # Nothing leads to it any more.
            return 0
        if what == "write":
            os.truncate(path, min(int(fields[1]), path.stat().st_size))
        else:
            with open(fields[1], "rb") as kept, open(path, "r+b") as file:  # In place: the inode stays.
                shutil.copyfileobj(kept, file)
                file.truncate()
        return 1

    def undo_entry(self, what, fields):
        inode = int(fields[0])
        if what in ("make", "link"):
            path = fields[1]
            if not self.has(path, inode) or (os.path.isdir(path) and not self.forgets_folders):
                return 0
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        elif what == "rename":
            _, source, target, kept = fields
            if self.has(target, inode):
                os.rename(target, source)
            if kept != "-" and not os.path.lexists(target):
                os.link(kept, target)
        elif fields[2] == "-":
            os.makedirs(fields[1], exist_ok=True)
        elif not os.path.lexists(fields[1]):
            os.link(fields[2], fields[1])
        return 1

    @staticmethod
    def has(path, inode):
        return os.path.lexists(path) and os.lstat(path).st_ino == inode
