"""What the window remembers between starts: geometry, docks, theme, recent files, how often blocks are used."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

import msgspec
from PySide6.QtCore import QByteArray, QSettings

ThemeChoice = Literal["system", "light", "dark"]
MOST_RECENT = 12
LAYOUT_VERSION = 1


class AppSettings:
    """Settings in one INI file, so that a test or a second state folder has its own."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._store = QSettings(str(file), QSettings.Format.IniFormat)

    def flush(self) -> None:
        """Write what was set."""
        self._store.sync()

    @property
    def theme_choice(self) -> ThemeChoice:
        """The theme chosen in View, or the system's."""
        found = self._store.value("window/theme", "system")
        return cast(ThemeChoice, found) if found in ("light", "dark") else "system"

    @theme_choice.setter
    def theme_choice(self, choice: ThemeChoice) -> None:
        self._store.setValue("window/theme", choice)

    @property
    def geometry(self) -> QByteArray | None:
        """Where the window stood; None on the first start."""
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def layout(self) -> QByteArray | None:
        """Where the docks stood; None on the first start."""
        return self._bytes("window/layout")

    @layout.setter
    def layout(self, value: QByteArray) -> None:
        self._store.setValue("window/layout", value)

    @property
    def has_run(self) -> bool:
        """Whether a run was ever started: until then the gallery stands where the live views will be."""
        return self._store.contains("window/has_run")

    def mark_run(self) -> None:
        """A run was started."""
        self._store.setValue("window/has_run", True)

    @property
    def recent_files(self) -> tuple[Path, ...]:
        """Files opened or saved, the latest first. Some may be gone: nothing asks the disk here."""
        return tuple(map(Path, self._list("files/recent")))

    def add_recent(self, path: Path) -> None:
        """Put a file at the head of the recent ones."""
        others = [known for known in self._list("files/recent") if known != str(path)]
        self._store.setValue("files/recent", [str(path), *others][:MOST_RECENT])

    def clear_recent(self) -> None:
        """Forget the recent files."""
        self._store.remove("files/recent")

    @property
    def folder(self) -> Path:
        """The folder used last, else the user's. It may be gone: nothing asks the disk here."""
        found = str(self._store.value("files/folder", ""))
        return Path(found) if found not in ("", ".") else Path.home()

    @folder.setter
    def folder(self, path: Path) -> None:
        self._store.setValue("files/folder", str(path))

    @property
    def dataset_folders(self) -> dict[str, str]:
        """By dataset: the folder that it was last read from. Whether it is still there shows when it is read.

        Nothing asks the disk here: a folder on a network may take minutes to answer.
        """
        try:
            return msgspec.json.decode(str(self._store.value("data/folders", "{}")), type=dict[str, str])
        except msgspec.MsgspecError:
            return {}

    def remember_dataset_folder(self, name: str, folder: str) -> None:
        """A dataset was read from this folder."""
        self._keep_dataset_folders(self.dataset_folders | {name: folder})

    def forget_dataset_folder(self, name: str, folder: str) -> None:
        """A dataset could not be read from this folder any more."""
        known = self.dataset_folders
        if known.get(name) == folder:
            del known[name]
            self._keep_dataset_folders(known)

    def _keep_dataset_folders(self, known: dict[str, str]) -> None:
        self._store.setValue("data/folders", msgspec.json.encode(known, order="sorted").decode())

    @property
    def usage(self) -> dict[str, int]:
        """How often each block type was added."""
        try:
            return msgspec.json.decode(str(self._store.value("blocks/usage", "{}")), type=dict[str, int])
        except msgspec.MsgspecError:
            return {}

    def count_use(self, type_id: str, times: int = 1) -> None:
        """A block of this type was added."""
        usage = self.usage
        usage[type_id] = usage.get(type_id, 0) + times
        self._store.setValue("blocks/usage", msgspec.json.encode(usage, order="sorted").decode())

    def speed(self, key: str) -> float | None:
        """Samples a second that this machine reached on a drawing of this cost, or None."""
        found = self._store.value(f"speed/{key}")
        try:
            return float(str(found)) if found is not None else None
        except ValueError:
            return None

    def remember_speed(self, key: str, samples_per_second: float) -> None:
        """A run of a drawing of this cost ended at this rate."""
        self._store.setValue(f"speed/{key}", round(samples_per_second, 1))

    def _bytes(self, key: str) -> QByteArray | None:
        found = self._store.value(key)
        return found if isinstance(found, QByteArray) and not found.isEmpty() else None

    def _list(self, key: str) -> list[str]:
        found = self._store.value(key, [])
        if isinstance(found, str):
            return [found] if found else []
        return [str(item) for item in cast(list[object], found or [])]
