"""`tidegate new environment`: a manifest of one's own, with the persistent stack that every environment begins with."""

from string import Template
from typing import Annotated

import typer

_OIDC = """# Whose tokens may assume the role. There are no static keys anywhere.
oidc:
  provider_url: {url}
  audience: sts.amazonaws.com
  subject: {subject}
"""
_WORKER = """# The worker's own role assumes the environment's. There are no static keys anywhere.
identity: from_worker
worker:
  role_arn: {arn}
"""


def environment(
    name: Annotated[str, typer.Argument(help="name of the environment: small letters, digits, underscores")],
    project: Annotated[str, typer.Option(help="first part of every name in AWS")],
    account_id: Annotated[str, typer.Option(help="the AWS account, twelve digits")],
    region: Annotated[str, typer.Option(help="its region")],
    alert_email: Annotated[str, typer.Option(help="who gets the budget's mails")],
    oidc_url: Annotated[str, typer.Option(help="whose tokens may assume the role, https://...")] = "",
    subject: Annotated[str, typer.Option(help="of the workers' tokens")] = "system:serviceaccount:airflow:worker",
    worker_role_arn: Annotated[str, typer.Option(help="in place of tokens: the worker's own role")] = "",
) -> None:
    """Write the manifest of an environment. 0 written, 64 it cannot be, and nothing was."""
    from tidegate import environments
    from tidegate.settings import settings

    path = settings().environments_dir / f"{name}.yaml"
    if path.exists():
        raise typer.BadParameter(f"{path} is there already")
    if bool(oidc_url) is bool(worker_role_arn):
        raise typer.BadParameter("say how tasks come by the role: either --oidc-url or --worker-role-arn")
    by_oidc = _OIDC.format(url=oidc_url, subject=subject)
    skeleton = settings().skeletons_dir / "environment" / "environment.yaml"
    text = Template(skeleton.read_text(encoding="utf-8")).substitute(
        NAME=name,
        TITLE=f"{project}, {name}",
        PROJECT=project,
        PREFIX=f"{project}-{name.replace('_', '-')}",
        ACCOUNT=account_id,
        REGION=region,
        ALERT_EMAIL=alert_email,
        IDENTITY=by_oidc if oidc_url else _WORKER.format(arn=worker_role_arn),
    )
    path.write_text(text, encoding="utf-8")
    try:
        made = environments.load(name)
        environments.load_policies(made)
    except environments.ManifestError:
        path.unlink()
        raise
    first = next(iter(made.stacks))
    for line in (
        f"written: {path}",
        "left to do:",
        f"  tidegate new stack STACK --environment {name} --depends-on {first}, for what comes and goes",
        f"  tidegate manifest check {name}",
        f"  tidegate policy {name} --owner: the account's owner runs what it prints",
        "  tidegate pools > pools.json, and airflow pools import pools.json; make up and Compose do it at their start",
        f"  make demo ENVIRONMENT={name}: bootstrap, build and teardown in the sandbox",
        f"  in Airflow, {name}.m1_backend_bootstrap, then {name}.m2_substrate_build",
    ):
        typer.echo(line)
