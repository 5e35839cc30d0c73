"""HTTP through the proxy, byte by byte: chunks, Expect, HEAD, large bodies, kept connections, and its upstream."""

import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.children import clean_environment
from sandbox.loopback import AddressRefused
from sandbox.proxy import Proxy
from sandbox.testing import Sandbox

pytestmark = pytest.mark.timeout(120)
LARGE = bytes(range(256)) * 4 * 1024 * 32


@pytest.fixture
def s3(sandbox: Sandbox) -> Any:
    client = sandbox.client("s3")
    client.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    return client


@pytest.fixture
def raw(sandbox: Sandbox) -> Iterator[http.client.HTTPConnection]:
    url = urlsplit(sandbox.env["AWS_ENDPOINT_URL"])
    with closing(http.client.HTTPConnection(str(url.hostname), url.port, timeout=20)) as connection:
        yield connection


def presigned(s3: Any, operation: str, key: str) -> str:
    url = urlsplit(s3.generate_presigned_url(operation, Params={"Bucket": "bucket", "Key": key}))
    return f"{url.path}?{url.query}"


def test_large_bodies_both_ways(s3: Any) -> None:
    s3.put_object(Bucket="bucket", Key="large", Body=LARGE)

    assert s3.get_object(Bucket="bucket", Key="large")["Body"].read() == LARGE


def test_chunked_upload(s3: Any, raw: http.client.HTTPConnection) -> None:
    chunks = iter([b"one ", b"two ", b"three"])
    raw.request("PUT", presigned(s3, "put_object", "chunked"), body=chunks, encode_chunked=True)

    assert raw.getresponse().status == 200
    assert s3.get_object(Bucket="bucket", Key="chunked")["Body"].read() == b"one two three"


def test_aws_chunked_upload(s3: Any, raw: http.client.HTTPConnection) -> None:
    body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
    headers = {
        "Content-Encoding": "aws-chunked",
        "X-Amz-Decoded-Content-Length": "5",
        "X-Amz-Trailer": "x-amz-checksum-crc32",
        "X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    }
    raw.request("PUT", presigned(s3, "put_object", "aws-chunked"), body=body, headers=headers)

    assert raw.getresponse().status == 200
    assert s3.get_object(Bucket="bucket", Key="aws-chunked")["Body"].read() == b"hello"


def test_expect_100_continue(s3: Any, sandbox: Sandbox) -> None:
    target = presigned(s3, "put_object", "expected")
    url = urlsplit(sandbox.env["AWS_ENDPOINT_URL"])
    with socket.create_connection((str(url.hostname), int(url.port or 0)), timeout=20) as connection:
        head = f"PUT {target} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"body")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")

    assert s3.get_object(Bucket="bucket", Key="expected")["Body"].read() == b"body"


def test_head_tells_the_length_without_a_body(s3: Any, raw: http.client.HTTPConnection) -> None:
    s3.put_object(Bucket="bucket", Key="object", Body=b"12345")
    raw.request("HEAD", presigned(s3, "head_object", "object"))
    answer = raw.getresponse()

    assert (answer.status, answer.headers["Content-Length"], answer.read()) == (200, "5", b"")


def test_a_range_is_a_range(s3: Any) -> None:
    s3.put_object(Bucket="bucket", Key="object", Body=b"0123456789")

    assert s3.get_object(Bucket="bucket", Key="object", Range="bytes=2-4")["Body"].read() == b"234"


def test_connections_are_kept(s3: Any, raw: http.client.HTTPConnection) -> None:
    s3.put_object(Bucket="bucket", Key="object", Body=b"12345")
    target = presigned(s3, "get_object", "object")
    raw.request("GET", target)
    raw.getresponse().read()
    kept = raw.sock
    raw.request("GET", target)

    assert raw.getresponse().read() == b"12345"
    assert kept is not None
    assert raw.sock is kept


def test_no_http_is_dropped(sandbox: Sandbox) -> None:
    url = urlsplit(sandbox.env["AWS_ENDPOINT_URL"])
    with socket.create_connection((str(url.hostname), int(url.port or 0)), timeout=20) as connection:
        connection.sendall(b"\x16\x03\x01 no http\r\n\r\n")
        assert connection.recv(4096) == b""


def test_delete_answers_204_without_a_body(s3: Any) -> None:
    s3.put_object(Bucket="bucket", Key="object", Body=b"x")

    assert s3.delete_object(Bucket="bucket", Key="object")["ResponseMetadata"]["HTTPStatusCode"] == 204


@pytest.mark.parametrize("host", ["10.0.0.1", "0.0.0.0", "example.com", "localhost", "169.254.169.254"])
def test_an_upstream_beyond_loopback_is_refused(host: str) -> None:
    with pytest.raises(AddressRefused, match="the proxy's upstream must be a loopback address"):
        Proxy(host, 80)


def test_the_proxy_does_not_start_before_a_stranger() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started = subprocess.run(
            [sys.executable, "-m", "sandbox.proxy", "--fd", str(listener.fileno()), "--upstream", "192.0.2.1:80"],
            pass_fds=(listener.fileno(),),
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert started.returncode == 1
    assert (
        started.stderr == "error: the proxy's upstream must be a loopback address such as 127.0.0.1, not '192.0.2.1'.\n"
    )
