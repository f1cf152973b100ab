"""What an operator may grant, and in which words."""

import pytest

from podshift.errors import PodshiftError
from podshift.grants import parse_grant


@pytest.mark.parametrize(
    ("text", "written", "option"),
    [
        ("link:api", "link:api", ""),
        ("cap:cap_net_raw", "cap:NET_RAW", "--cap-add=NET_RAW"),
        ("device:/dev/fuse", "device:/dev/fuse", "--device=/dev/fuse"),
        ("path:/srv/media:/media:ro", "path:/srv/media:/media:ro", "--volume=/srv/media:/media:ro"),
        ("volume:blog.data:/data", "volume:blog.data:/data", "--volume=blog.data:/data"),
        ("build:unchecked", "build:unchecked", ""),
    ],
)
def test_a_grant_is_written_in_one_way(text: str, written: str, option: str) -> None:
    grant = parse_grant(text)
    assert str(grant) == written
    assert grant.option == option


@pytest.mark.parametrize(
    "text",
    [
        "", "link:", "link:--privileged", "cap:ALL", "cap:NET_RAW SYS_ADMIN", "cap:", "device:/etc/passwd",
        "device:/dev/../etc", "device:/dev/fuse:rw", "path:/srv", "path:srv:/media", "path:/srv:/media:rw",
        "path:/srv:/media:", "path:/srv/../etc:/etc", "path:/srv:/a,b", "volume:data:/data", "volume:a.b:data",
        "volume:a.b:/data:ro,U", "build:anything", "privileged", "network:host",
    ],
)  # fmt: skip
def test_all_else_is_refused(text: str) -> None:
    with pytest.raises(PodshiftError, match=r"nothing that can be granted|no app name"):
        parse_grant(text)
