"""What an engine leaves in the folder for its builds, when it is killed or has no room."""

from pathlib import Path

import pytest

from podshift.deploy.build import folder as buildfolder
from podshift.deploy.build.folder import swept


def test_only_the_caches_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, outside = tmp_path / "build", tmp_path / "outside"
    assert swept(folder).is_dir()
    for name in ("buildah-cache/pip", "4236405444/layer", "mounted/data"):
        (folder / name).mkdir(parents=True)
    (folder / "buildah123.tmp").touch()
    outside.mkdir()
    (folder / "link").symlink_to(outside)
    mounts = tmp_path / "mounts"
    mounts.write_text(f"overlay {folder}/mounted/data overlay rw 0 0\n")
    monkeypatch.setattr(buildfolder, "_MOUNTS", mounts)
    swept(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["buildah-cache", "mounted"]
    assert (folder / "buildah-cache" / "pip").is_dir()
    assert outside.is_dir()
