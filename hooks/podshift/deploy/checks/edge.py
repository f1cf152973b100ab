"""The HTTPS edge, where there is to be one."""

from collections.abc import Iterator

from podshift.deploy.checks.finding import Finding, error, fine
from podshift.deploy.edge.container import trouble
from podshift.deploy.installation import Installation


def check_edge(installation: Installation) -> Iterator[Finding]:
    edge = installation.settings.edge
    if edge is None:
        return
    found = installation.engine.containers(home=installation.label, role="edge")
    if not any(one.running for one in found):
        yield error("edge", "its container does not run", "podshift up")
    elif problem := trouble(edge):
        restart = f"{installation.settings.engine} restart {installation.home.edge_name}"
        yield error("edge", problem, f"{restart}; {installation.settings.engine} logs {installation.home.edge_name}")
    else:
        yield fine("edge", f"answers on {edge.http} and {edge.https}")
