"""What a root holds is found whatever it is dressed up as, and what cannot be read is said (fail closed)."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stage import PROJECT
from tidegate.gates.rules_root import root_blockers
from tidegate.models.environment import PROVIDERS
from tidegate.models.observed import Known
from tidegate.models.root import RootSources
from tidegate.terraform.root_reader import read_root
from tidegate.terraform.workspace import source_digest

BACKEND = 'terraform {\n  backend "s3" {}\n}\n'
LOCKED = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.100.0"\n  hashes = [\n    "h1:x",\n  ]\n}\n'
AWS = "registry.terraform.io/hashicorp/aws"
SHIPPED = [*(PROJECT / "include" / "terraform" / name for name in ("core", "confluent", "demo"))]
SHIPPED += [PROJECT / "include" / "skeletons" / "stack"]


class Place:
    """A root that may be initialised, and the project's modules beside it."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "analytics"
        self.modules = directory / "project" / "modules"
        self.write({"backend.tf": BACKEND, ".terraform.lock.hcl": LOCKED})
        self.write({"network/main.tf": 'resource "aws_vpc" "this" {}\n'}, self.modules)

    def write(self, files: dict[str, str], below: Path | None = None) -> None:
        for name, text in files.items():
            path = (below or self.root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())

    def read(self) -> RootSources:
        return read_root(self.root, self.modules, PROVIDERS)

    def refused(self) -> list[tuple[str, str]]:
        return [(it.code, it.resource) for it in root_blockers(Known(self.read()), "analytics")]

    def codes(self) -> list[str]:
        return [code for code, _ in self.refused()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


OPEN = 'variable "api_token" {\n  type = string\n}\n'
CLOSED = 'variable "api_token" {\n  type      = string\n  sensitive = true\n}\n'
IN_JSON = '{"variable": {"api_token": {"type": "string", "sensitive": true}}}'


@pytest.mark.parametrize(
    ("files", "refused"),
    [
        ({}, [("ROOT-VARIABLE-NOT-SENSITIVE", "variables.tf")]),
        ({"inputs.tf": OPEN}, [("ROOT-VARIABLE-NOT-SENSITIVE", "inputs.tf:1")]),
        ({"inputs.tf": CLOSED.replace("true", "false")}, [("ROOT-VARIABLE-NOT-SENSITIVE", "inputs.tf:1")]),
        ({"inputs.tf": CLOSED.replace("true", "local.secret")}, [("ROOT-VARIABLE-NOT-SENSITIVE", "inputs.tf:1")]),
        ({"sub/inputs.tf": CLOSED}, [("ROOT-VARIABLE-NOT-SENSITIVE", "variables.tf")]),
        ({"inputs.tf": CLOSED}, []),
        ({"inputs.tf.json": IN_JSON}, []),
    ],
)
def test_a_variable_that_takes_a_secret_is_sensitive(
    place: Place, files: dict[str, str], refused: list[tuple[str, str]]
) -> None:
    place.write(files)
    found = read_root(place.root, place.modules, PROVIDERS, ("api_token",))
    assert [(it.code, it.resource) for it in root_blockers(Known(found), "analytics")] == refused
    assert place.refused() == [], "nobody asks for it where no connection gives it"


@pytest.mark.parametrize("root", SHIPPED, ids=lambda it: it.name)
def test_what_is_shipped_passes(root: Path) -> None:
    found = read_root(root, PROJECT / "include" / "terraform" / "modules", PROVIDERS)
    assert list(root_blockers(Known(found), "x")) == []
    assert {it.what for it in found.parts if it.kind == "backend"} == {"s3"}
    assert AWS in {it.what for it in found.parts if it.kind == "provider"}


def test_a_root_that_may_be_initialised(place: Place) -> None:
    found = place.read()
    assert [(it.kind, it.what, it.where) for it in found.parts] == [
        ("provider", AWS, ".terraform.lock.hcl:1"),
        ("backend", "s3", "backend.tf:2"),
    ]
    assert found.source_digest == source_digest(place.root, place.modules)


PROVISIONER = 'provisioner "local-exec" {\n command = "x"\n}\n'
INSIDE = 'resource "aws_vpc" "a" {\n' + PROVISIONER + "}\n"

HARMLESS = [
    pytest.param("# " + INSIDE.replace("\n", "\n# "), id="in-hash-comments"),
    pytest.param("// " + INSIDE.replace("\n", "\n// "), id="in-slash-comments"),
    pytest.param("/* " + INSIDE + " */\n", id="in-a-block-comment"),
    pytest.param("/* /* */\n", id="block-comments-do-not-nest"),
    pytest.param("/**/ locals {} /***/\n", id="short-block-comments"),
    pytest.param("locals {\n  a = <<EOT\n" + INSIDE + "EOT\n}\n", id="in-a-heredoc"),
    pytest.param("locals {\n  a = <<-EOT\n" + INSIDE + "    EOT\n  b = 1\n}\n", id="in-an-indented-heredoc"),
    pytest.param('locals {\n  a = <<EOT\n${"\\nEOT"}EOT\nEOT\n}\n', id="an-end-that-does-not-begin-its-line"),
    pytest.param('locals {\n  a = "\\" } provisioner \\"x\\" {"\n}\n', id="in-a-text-with-escaped-quotes"),
    pytest.param('locals {\n  a = "${"}"}${"${"{"}"}"\n}\n', id="braces-in-templates-in-templates"),
    pytest.param('locals {\n  a = "$${ } { %%{ $ % $$ x"\n}\n', id="signs-that-begin-nothing"),
    pytest.param('locals {\n  a = "%{ if true ~}}\\"{%{ endif }"\n}\n', id="directives"),
    pytest.param('locals {\n  a = "${1 # }\n}"\n}\n', id="a-comment-in-a-template"),
    pytest.param("locals {\r\n  a = <<EOT\r\nx\r\nEOT\r\n}\r\n", id="windows-newlines"),
    pytest.param("locals { a = { for k in [1] : k => k... } }\n", id="one-line"),
    pytest.param('variable "profile" { default = "http" }\n', id="a-word-elsewhere"),
    pytest.param('locals {\n  a = "naïve ✓"\n}\n# naïve\n', id="letters-of-other-languages-in-texts"),
    pytest.param(
        'terraform {\n  required_providers {\n    aws = { source = "HashiCorp/AWS" }\n  }\n}\n', id="large-letters"
    ),
    pytest.param("\n\n   \t\n", id="nothing"),
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_forbidden_is_not(place: Place, text: str) -> None:
    place.write({"main.tf": text})
    assert place.refused() == []


HIDDEN = [
    pytest.param(INSIDE, "main.tf:2", id="plain"),
    pytest.param("/* a */" + INSIDE, "main.tf:2", id="behind-a-comment"),
    pytest.param("/* # */ " + INSIDE, "main.tf:2", id="a-line-comment-in-a-block-comment"),
    pytest.param("# /*\n" + INSIDE + "# */\n", "main.tf:3", id="a-block-comment-in-line-comments"),
    pytest.param('resource /* \n\n */ "aws_vpc" "a" {\n' + PROVISIONER + "}\n", "main.tf:4", id="comment-within"),
    pytest.param("resource aws_vpc a {\nprovisioner local-exec {\n}\n}\n", "main.tf:2", id="labels-without-quotes"),
    pytest.param('\tresource\t"aws_vpc"   "a"{\n\n\n \t provisioner"local-exec"{\n}\n}\n', "main.tf:4", id="spaces"),
    pytest.param('locals {\n a = "/*"\n}\n' + INSIDE + "# */\n", "main.tf:5", id="a-comment-that-a-text-begins"),
    pytest.param('locals {\n a = "#"\n b = "//"\n}\n' + INSIDE, "main.tf:6", id="comment-signs-in-texts"),
    pytest.param("locals {\n a = <<EOT\nx\n  EOT\n}\n" + INSIDE, "main.tf:7", id="behind-an-indented-end"),
    pytest.param("locals {\n a = <<EOT\n${<<X\nEOT\nX\n}\nEOT\n}\n" + INSIDE, "main.tf:10", id="heredoc-in-heredoc"),
    pytest.param('locals {\n a = "\\\\"\n}\n' + INSIDE, "main.tf:5", id="behind-an-escaped-backslash"),
    pytest.param('locals {\n a = "$${"\n}\n' + INSIDE, "main.tf:5", id="behind-a-template-that-is-none"),
    pytest.param('locals {\n a = "${"\\"}"}"\n}\n' + INSIDE, "main.tf:5", id="behind-a-template"),
    pytest.param(
        'locals {\n a = "${{ a = 1 }["/*"]}"\n}\n' + INSIDE + "# */\n", "main.tf:5", id="braces-in-a-template"
    ),
    pytest.param("removed {\n from = aws_vpc.a\n" + PROVISIONER + "}\n", "main.tf:3", id="of-what-is-removed"),
    pytest.param(INSIDE.replace("\n", "\r\n"), "main.tf:2", id="windows-newlines"),
]


@pytest.mark.parametrize(("text", "where"), HIDDEN)
def test_a_provisioner_is_found_where_it_stands(place: Place, text: str, where: str) -> None:
    place.write({"main.tf": text})
    assert place.refused() == [("ROOT-PROVISIONER", where)]


UNREADABLE = [
    pytest.param("# a\rlocals {}\n", id="a-lone-carriage-return"),
    pytest.param("# a\x0blocals {}\n", id="a-vertical-tab"),
    pytest.param("locals {}; locals {}\n", id="a-semicolon"),
    pytest.param("locals {\n", id="a-block-without-end"),
    pytest.param("}\n", id="an-end-without-block"),
    pytest.param("/* x\n", id="a-comment-without-end"),
    pytest.param('locals {\n  a = "x\n}\n', id="a-text-without-end"),
    pytest.param('locals {\n  a = "${1"\n}\n', id="a-template-without-end"),
    pytest.param("locals {\n  a = <<EOT\nx\n}\n", id="a-heredoc-without-end"),
    pytest.param("locals {\n  a = <<EOT\nx\nEOT", id="an-end-without-newline"),
    pytest.param("locals {\n  a = <<EOT\nx\n\u00a0EOT\n}\n", id="an-end-behind-a-strange-space"),
    pytest.param("locals {\n  a = << EOT\nx\nEOT\n}\n", id="a-heredoc-that-is-none"),
    pytest.param('locals {\n  a = "$$${"\n}\n', id="signs-that-can-be-read-in-two-ways"),
    pytest.param('locals {\n  a = "\\q"\n}\n', id="an-unknown-escape"),
    pytest.param('data "\\u0065xternal" "x" {}\n', id="an-escaped-label"),
    pytest.param('data "${"external"}" "x" {}\n', id="a-label-that-is-a-template"),
    pytest.param('data "e\u212aternal" "x" {}\n', id="a-label-of-letters-that-change"),
    pytest.param("résource {}\n", id="a-name-of-other-letters"),
    pytest.param("\ufeff" + INSIDE, id="a-byte-order-mark"),
    pytest.param("locals {\n  a = 1\x00\n}\n", id="a-zero-byte"),
    pytest.param("locals {\n  a = (1]\n}\n", id="brackets-that-do-not-fit"),
    pytest.param("locals {\n  a =\n}\n", id="no-value"),
    pytest.param('"locals" {}\n', id="a-quoted-name"),
    pytest.param("a = 1\n", id="an-argument-outside"),
    pytest.param("surprise {}\n", id="a-block-of-the-future"),
    pytest.param('resource "aws_vpc" {}\n', id="too-few-labels"),
    pytest.param('terraform {\n  state_store "x" {}\n}\n', id="another-store-of-states"),
    pytest.param("terraform {\n  required_providers {\n    x = local.x\n  }\n}\n", id="a-requirement-by-expression"),
    pytest.param(
        'terraform {\n  required_providers {\n    x = { "${"source"}" = "a/b" }\n  }\n}\n', id="a-templated-name"
    ),
    pytest.param('resource "aws_vpc" "a" {\n  provider = (x.y)\n}\n', id="a-provider-by-expression"),
    pytest.param("locals {\n  a = " + "[" * 3 + '"${' * 60 + "\n}\n", id="too-deep"),
    pytest.param("a {" * 60 + "}" * 60 + "\n", id="blocks-too-deep"),
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_cannot_be_read_is_refused(place: Place, text: str) -> None:
    place.write({"main.tf": text})
    assert "ROOT-NOT-UNDERSTOOD" in place.codes()


def test_neither_is_another_encoding(place: Place) -> None:
    (place.root / "main.tf").write_bytes("locals {}\n".encode("utf-16"))
    assert place.refused() == [("ROOT-NOT-UNDERSTOOD", "main.tf:1")]


def test_nor_a_file_that_is_too_long(place: Place) -> None:
    place.write({"main.tf": "#" * 2_000_001})
    assert place.refused() == [("ROOT-NOT-UNDERSTOOD", "main.tf:1")]


def test_a_line_is_named(place: Place) -> None:
    place.write({"main.tf": 'locals {}\n\nlocals {\n  a = "x\n}\n'})
    assert place.refused() == [("ROOT-NOT-UNDERSTOOD", "main.tf:4")]


READS = ["ROOT-DATA-SOURCE", "ROOT-PROVIDER-NOT-ALLOWED"]
PROVIDER = ["ROOT-PROVIDER-NOT-ALLOWED"]

BAD = [
    pytest.param('data "external" "x" {}\n', READS, id="external"),
    pytest.param('data http x {\n url = "https://x"\n}\n', READS, id="http"),
    pytest.param('check "c" {\n  data "http" "x" {}\n}\n', READS, id="in-a-check"),
    pytest.param('resource "null_resource" "x" {}\n', PROVIDER, id="null"),
    pytest.param('ephemeral "local_file" "x" {}\n', PROVIDER, id="ephemeral"),
    pytest.param('action "local_command" "x" {}\n', PROVIDER, id="action"),
    pytest.param("import {\n  provider = evil.x\n  to = aws_vpc.a\n}\n", PROVIDER, id="import"),
    pytest.param('provider "archive" {}\n', PROVIDER, id="configured"),
    pytest.param('terraform {\n  provider_meta "x" {}\n}\n', PROVIDER, id="provider-meta"),
    pytest.param('resource "aws_vpc" "a" {\n  provider = evil\n}\n', PROVIDER, id="under-another-name"),
    pytest.param(
        'terraform {\n  required_providers {\n    aws = {\n      "source" : "evil.example/hashicorp/aws"\n'
        "    }\n  }\n}\n",
        PROVIDER,
        id="aws-from-elsewhere",
    ),
    pytest.param(
        'terraform {\n  required_providers {\n    null = ">= 3"\n  }\n}\n',
        PROVIDER,
        id="by-version",
    ),
    pytest.param('terraform {\n  backend "s3" {\n    bucket = "x"\n  }\n}\n', ["ROOT-BACKEND"], id="backend-filled"),
    pytest.param('terraform {\n  backend "local" {}\n}\n', ["ROOT-BACKEND"], id="backend-local"),
    pytest.param('terraform {\n  backend "s3" {\n    assume_role {}\n  }\n}\n', ["ROOT-BACKEND"], id="backend-block"),
    pytest.param("terraform {\n  cloud {}\n}\n", ["ROOT-CLOUD"], id="cloud"),
    pytest.param('resource "aws_vpc" "a" {\n  connection {}\n}\n', ["ROOT-CONNECTION"], id="connection"),
    pytest.param('resource "aws_vpc" "a" {\n  b {\n    connection {}\n  }\n}\n', ["ROOT-CONNECTION"], id="further-in"),
    pytest.param('module "x" {\n  source = "hashicorp/consul/aws"\n}\n', ["ROOT-MODULE-OUTSIDE"], id="registry"),
    pytest.param(
        f'module "x" {{\n  source = "git::https://x.example/y.git?ref={"a" * 40}"\n}}\n',
        ["ROOT-MODULE-OUTSIDE"],
        id="pinned-by-commit",
    ),
    pytest.param('module "x" {\n  source = "./../../etc"\n}\n', ["ROOT-MODULE-OUTSIDE"], id="out-of-the-root"),
    pytest.param('module "x" {\n  source = "./a/../../../../x"\n}\n', ["ROOT-MODULE-OUTSIDE"], id="out-by-detours"),
    pytest.param('module "x" {\n  source = "/etc"\n}\n', ["ROOT-MODULE-OUTSIDE"], id="absolute"),
    pytest.param('module "x" {\n  source = "./${var.x}"\n}\n', ["ROOT-MODULE-OUTSIDE"], id="source-by-expression"),
    pytest.param('module "x" {\n  source = var.x\n}\n', ["ROOT-MODULE-OUTSIDE"], id="source-by-variable"),
    pytest.param('module "x" {\n  source = "./none"\n}\n', ["ROOT-NOT-UNDERSTOOD"], id="a-module-that-is-not-there"),
    pytest.param(
        'data "terraform_remote_state" "x" {\n  backend = "http"\n}\n', ["ROOT-REMOTE-STATE"], id="state-over-http"
    ),
    pytest.param(
        'data "terraform_remote_state" "x" {\n  backend = var.x\n}\n', ["ROOT-REMOTE-STATE"], id="state-by-expression"
    ),
    pytest.param('data "terraform_remote_state" "x" {}\n', ["ROOT-REMOTE-STATE"], id="state-of-nowhere"),
    pytest.param(
        'data "terraform_remote_state" "x" {\n  backend = "s3"\n  config = { "shared_config_files" = ["x"] }\n}\n',
        ["ROOT-CREDENTIALS"],
        id="state-with-other-credentials",
    ),
    pytest.param(
        'provider "aws" {\n  shared_config_files = ["./x"]\n}\n', ["ROOT-CREDENTIALS"], id="a-program-for-credentials"
    ),
    pytest.param('provider "aws" {\n  endpoints {\n    sts = "x"\n  }\n}\n', ["ROOT-CREDENTIALS"], id="another-sts"),
    pytest.param(
        'provider "aws" {\n  assume_role {\n    role_arn = "x"\n  }\n}\n', ["ROOT-CREDENTIALS"], id="another-role"
    ),
    pytest.param('provider "aws" {\n  token = var.x\n}\n', ["ROOT-CREDENTIALS"], id="another-session"),
]


@pytest.mark.parametrize(("text", "codes"), BAD)
def test_what_a_root_may_not_hold(place: Place, text: str, codes: list[str]) -> None:
    place.write({"main.tf": text})
    assert place.codes() == codes


@pytest.mark.parametrize(("text", "codes"), BAD)
@pytest.mark.parametrize("name", ["main_override.tf", "override.tf"])
def test_nor_by_an_override(place: Place, name: str, text: str, codes: list[str]) -> None:
    place.write({"main.tf": "locals {}\n", name: text})
    assert place.codes() == codes


@pytest.mark.parametrize("name", [".hidden.tf", "main.tf~", "#main.tf#", "x.tfstate.tf"])
def test_what_terraform_does_not_see_has_no_backend_either(place: Place, name: str) -> None:
    (place.root / "backend.tf").rename(place.root / name)
    place.write({"backend.tf": "# nothing\n"})
    assert place.refused() == [("ROOT-BACKEND-MISSING", "backend.tf")]


def test_the_backend_of_a_module_is_none_of_the_root(place: Place) -> None:
    place.write({"backend.tf": 'module "x" {\n  source = "./x"\n}\n', "x/main.tf": BACKEND})
    assert place.refused() == [("ROOT-BACKEND-MISSING", "backend.tf")]


JSON: list[Any] = [
    pytest.param({"data": {"external": {"x": {}}}}, READS, id="data"),
    pytest.param([{"locals": {}}, {"data": [{}, {"external": [{}, {"x": [{}]}]}]}], READS, id="in-lists"),
    pytest.param(
        {"resource": {"aws_vpc": {"a": {"provisioner": [{"local-exec": {"command": "x"}}]}}}},
        ["ROOT-PROVISIONER"],
        id="provisioner",
    ),
    pytest.param({"resource": {"aws_vpc": {"a": {"connection": {}}}}}, ["ROOT-CONNECTION"], id="connection"),
    pytest.param({"removed": {"provisioner": {"local-exec": {}}}}, ["ROOT-PROVISIONER"], id="removed"),
    pytest.param({"module": {"m": {"source": "x/y/z"}}}, ["ROOT-MODULE-OUTSIDE"], id="module"),
    pytest.param({"terraform": {"backend": {"s3": {"bucket": "x"}}}}, ["ROOT-BACKEND"], id="backend"),
    pytest.param({"terraform": {"cloud": {}}}, ["ROOT-CLOUD"], id="cloud"),
    pytest.param({"terraform": {"state_store": {"x": {}}}}, ["ROOT-NOT-UNDERSTOOD"], id="another-store-of-states"),
    pytest.param(
        {"terraform": {"required_providers": {"aws": {"source": "evil/aws"}}}},
        PROVIDER,
        id="provider",
    ),
    pytest.param(
        {"terraform": {"required_providers": {"aws": {"source": "${1}"}}}}, ["ROOT-NOT-UNDERSTOOD"], id="a-template"
    ),
    pytest.param({"provider": {"aws": [{"profile": "x"}]}}, ["ROOT-CREDENTIALS"], id="credentials"),
    pytest.param({"provider": {"aws": {"endpoints": [{"sts": "x"}]}}}, ["ROOT-CREDENTIALS"], id="endpoints"),
    pytest.param({"check": {"c": {"data": {"http": {"x": {}}}}}}, READS, id="c"),
    pytest.param({"surprise": {}}, ["ROOT-NOT-UNDERSTOOD"], id="a-block-of-the-future"),
    pytest.param({"resource": "x"}, ["ROOT-NOT-UNDERSTOOD"], id="no-block"),
    pytest.param({"data": {"e\u212a": {"x": {}}}}, ["ROOT-NOT-UNDERSTOOD"], id="letters-that-change"),
    pytest.param({"//": "a comment", "locals": {"a": 1}}, [], id="a-comment"),
    pytest.param({"module": {"m": {"source": "../modules/network"}}}, [], id="a-module-of-the-project"),
]


@pytest.mark.parametrize(("document", "codes"), JSON)
def test_in_json_as_well(place: Place, document: Any, codes: list[str]) -> None:
    place.write({"main.tf.json": json.dumps(document)})
    assert place.codes() == codes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"module": {"m": {"source": "x/y/z", "source": "../modules/network"}}}', "ROOT-MODULE-OUTSIDE"),
        ('{"data": {"\\u0065xternal": {"x": {}}}, "data": {}}', "ROOT-DATA-SOURCE"),
        ('{"locals": {"a": NaN}}', "ROOT-NOT-UNDERSTOOD"),
        ('{"locals": ', "ROOT-NOT-UNDERSTOOD"),
        ("[" * 200_000, "ROOT-NOT-UNDERSTOOD"),
    ],
    ids=["twice", "twice-and-escaped", "not-a-number", "broken", "too-deep"],
)
def test_json_hides_nothing(place: Place, text: str, code: str) -> None:
    place.write({"main.tf.json": text})
    assert code in place.codes()


def test_json_is_named_by_its_address(place: Place) -> None:
    place.write({"main.tf.json": '{"data": {"http": {"x": {}}}}'})
    assert ("ROOT-DATA-SOURCE", "main.tf.json: data.http.x") in place.refused()


def test_modules_are_read_however_deep(place: Place) -> None:
    place.write(
        {
            "main.tf": 'module "a" {\n  source = "./x/../a"\n}\n',
            "a/main.tf": 'module "b" {\n  source = "../b"\n}\nmodule "self" {\n  source = "./"\n}\n',
            "b/main.tf": 'module "n" {\n  source = "../../modules/network"\n}\n' + INSIDE,
            "unused/main.tf": 'data "external" "x" {}\n',
        }
    )
    place.write({"network/more.tf": 'resource "null_resource" "x" {}\n'}, place.modules)
    assert place.refused() == [
        ("ROOT-PROVIDER-NOT-ALLOWED", "../modules/network/more.tf:1"),
        ("ROOT-PROVISIONER", "b/main.tf:5"),
    ]


def test_a_name_counts_in_its_own_module_alone(place: Place) -> None:
    required = 'terraform {\n  required_providers {\n    null = { source = "hashicorp/aws" }\n  }\n}\n'
    place.write({"main.tf": required + 'module "a" {\n  source = "./a"\n}\nresource "null_resource" "x" {}\n'})
    place.write({"a/main.tf": 'resource "null_resource" "x" {}\n'})
    assert place.refused() == [("ROOT-PROVIDER-NOT-ALLOWED", "a/main.tf:1")]


@pytest.mark.parametrize(
    "lock",
    [LOCKED + 'provider "registry.terraform.io/hashicorp/null" {}\n', LOCKED + "surprise {}\n", 'provider "x" {\n'],
    ids=["another-provider", "another-block", "broken"],
)
def test_the_lock_is_read(place: Place, lock: str) -> None:
    place.write({".terraform.lock.hcl": lock})
    assert len(place.refused()) == 1


def test_a_provider_is_allowed_by_the_manifest_alone(place: Place) -> None:
    place.write({"main.tf": 'resource "archive_file" "x" {}\n'})
    found = read_root(place.root, place.modules, (*PROVIDERS, "registry.terraform.io/hashicorp/archive"))
    assert list(root_blockers(Known(found), "analytics")) == []


@pytest.mark.parametrize(
    "name",
    ["terraform.tfvars", "terraform.tfvars.json", "x.auto.tfvars", "x.auto.tfvars.json", ".terraformrc", "a.tfrc"],
)
def test_settings_in_the_root(place: Place, name: str) -> None:
    place.write({name: ""})
    assert place.refused() == [("ROOT-FILE", name)]


def test_plugins_in_the_root(place: Place) -> None:
    place.write({"terraform.d/plugins/x": ""})
    assert place.refused() == [("ROOT-FILE", "terraform.d")]


LINKS: list[Any] = [
    pytest.param(lambda it: (it / "x.tf").symlink_to("/etc/hostname"), id="a-file-outside"),
    pytest.param(lambda it: (it / "x").symlink_to("/etc"), id="a-folder-outside"),
    pytest.param(lambda it: (it / "a").mkdir() or (it / "a" / "x").symlink_to("../../project"), id="further-down"),
    pytest.param(lambda it: (it / "a").mkdir() or (it / "a" / "x").symlink_to(".."), id="the-root-itself"),
    pytest.param(lambda it: (it / "x").symlink_to("nowhere"), id="nowhere"),
    pytest.param(lambda it: (it / "x").symlink_to("x"), id="in-a-circle"),
]


@pytest.mark.parametrize("link", LINKS)
def test_symlinks_that_leave_the_root(place: Place, link: Callable[[Path], Any]) -> None:
    link(place.root)
    assert "ROOT-SYMLINK" in place.codes()


@pytest.mark.parametrize("link", LINKS[:2])
def test_and_the_modules(place: Place, link: Callable[[Path], Any]) -> None:
    link(place.modules)
    assert "ROOT-SYMLINK" in place.codes()


def test_a_mounted_map_of_files_is_no_trick(place: Place) -> None:
    """Kubernetes mounts one as links to a folder beside them."""
    place.write({"..1/main.tf": "locals {}\n"})
    (place.root / "..data").symlink_to("..1")
    (place.root / "main.tf").symlink_to("..data/main.tf")
    assert place.refused() == []


def test_a_pipe_is_no_file_and_nobody_waits_for_it(place: Place) -> None:
    os.mkfifo(place.root / "x.tf")
    assert place.refused() == [("ROOT-FILE", "x.tf"), ("ROOT-NOT-UNDERSTOOD", "x.tf:1")]


def test_what_terraform_makes_itself_is_not_copied_and_not_looked_at(place: Place) -> None:
    (place.root / ".terraform" / "providers").mkdir(parents=True)
    (place.root / ".terraform" / "providers" / "x").symlink_to("/etc")
    assert place.refused() == []


def test_a_root_without_modules_beside_it(place: Place, tmp_path: Path) -> None:
    assert read_root(place.root, tmp_path / "none", PROVIDERS).parts == place.read().parts
    place.write({"main.tf": 'module "x" {\n  source = "../modules/network"\n}\n'})
    assert place.codes() == []
    parts = read_root(place.root, tmp_path / "none", PROVIDERS).parts
    assert [it.what for it in parts if it.kind == "module"] == ["../modules/network"]
