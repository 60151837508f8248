"""What is remembered between starts."""

from __future__ import annotations

from pathlib import Path

from app.settings import MOST_RECENT, AppSettings


def again(file: Path) -> AppSettings:
    return AppSettings(file)


def test_the_folder_of_a_dataset_is_kept_until_it_cannot_be_read(tmp_path: Path, monkeypatch) -> None:
    def asked(path: Path) -> bool:
        raise AssertionError(f"{path} may be on a network that does not answer")

    settings = AppSettings(tmp_path / "settings.ini")
    settings.remember_dataset_folder("mnist", "/network/mnist")
    settings.flush()
    again = AppSettings(tmp_path / "settings.ini")
    for name in ("is_dir", "is_file", "exists", "stat"):
        monkeypatch.setattr(Path, name, asked)
    assert again.dataset_folders == {"mnist": "/network/mnist"}
    again.forget_dataset_folder("mnist", "/another")
    assert again.dataset_folders == {"mnist": "/network/mnist"}
    again.forget_dataset_folder("mnist", "/network/mnist")
    assert again.dataset_folders == {}


def test_a_first_start_has_nothing(tmp_path: Path) -> None:
    settings = AppSettings(tmp_path / "deep" / "settings.ini")
    assert not settings.has_run
    assert settings.theme_choice == "system"
    assert settings.recent_files == ()
    assert settings.usage == {}
    assert settings.geometry is None
    assert settings.speed("a") is None


def test_what_is_set_is_there_at_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "settings.ini"
    settings = AppSettings(file)
    settings.mark_run()
    settings.theme_choice = "dark"
    settings.count_use("conv2d")
    settings.count_use("conv2d", 2)
    settings.remember_speed("7370-86000-64-auto", 21_400.26)
    settings.flush()
    second = again(file)
    assert second.has_run
    assert second.theme_choice == "dark"
    assert second.usage == {"conv2d": 3}
    assert second.speed("7370-86000-64-auto") == 21_400.3


def test_recent_files_are_latest_first_and_once_each(tmp_path: Path) -> None:
    settings = AppSettings(tmp_path / "settings.ini")
    files = [tmp_path / f"{number}.loom" for number in range(MOST_RECENT + 3)]
    for file in files:
        settings.add_recent(file)
    settings.add_recent(files[-2])
    assert settings.recent_files[:2] == (files[-2], files[-1])
    assert len(settings.recent_files) == MOST_RECENT
    settings.clear_recent()
    assert again(tmp_path / "settings.ini").recent_files == ()


def test_a_damaged_file_counts_as_none(tmp_path: Path) -> None:
    file = tmp_path / "settings.ini"
    file.write_text("[blocks]\nusage=not json\n[window]\ntheme=purple\n")
    settings = AppSettings(file)
    assert settings.usage == {}
    assert settings.theme_choice == "system"
