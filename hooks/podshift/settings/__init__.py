"""Where an installation keeps its things, and what its server and its operator want."""

from podshift.settings.contract import BASE_IMAGES, NOWHERE, PACKAGE_INDEXES
from podshift.settings.home import (
    BACKUP_PREFIX,
    DEFAULT_HOME,
    PRIVATE_FILE,
    PRIVATE_FOLDER,
    Home,
    make_home,
    make_private,
    shipped,
    write_private,
)
from podshift.settings.values import Settings, load_settings, save_settings, saved_settings

__all__ = [
    "BACKUP_PREFIX",
    "BASE_IMAGES",
    "DEFAULT_HOME",
    "NOWHERE",
    "PACKAGE_INDEXES",
    "PRIVATE_FILE",
    "PRIVATE_FOLDER",
    "Home",
    "Settings",
    "load_settings",
    "make_home",
    "make_private",
    "save_settings",
    "saved_settings",
    "shipped",
    "write_private",
]
