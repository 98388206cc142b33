"""A real S3 API over HTTP on this machine, in a process of its own that ends with its parent's interest in it."""

import functools
import os
import subprocess
import sys
import uuid
from contextlib import contextmanager, suppress
from importlib.util import find_spec

import pytest

from needs import need

# Nothing of the person who runs the tests is read, and nothing outside of this machine is asked.
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": "127.0.0.1",
}
UNWANTED = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE")

# The port is chosen by the system and told on a line; the server ends when its input does.
_SERVER = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def running_s3():
    """Run the server and yield its address."""
    environment = {name: value for name, value in os.environ.items() if name not in UNWANTED} | ENVIRONMENT
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as server:
        try:
            port = server.stdout.readline().strip()
            assert port, "the S3 server did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            with suppress(BrokenPipeError):
                server.stdin.close()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()


@pytest.fixture(scope="session")
def s3_server():
    """The address of a server that all tests share; each makes a bucket of its own."""
    need(find_spec("moto") and find_spec("boto3"), "moto[server] and boto3, the local S3 server")
    with running_s3() as address:
        yield address


@pytest.fixture
def aws_environment(monkeypatch):
    """Hide the real AWS from this process."""
    for name in UNWANTED:
        monkeypatch.delenv(name, raising=False)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def s3_settings(s3_server, aws_environment):
    """How to reach the server."""
    from tenuto.storage.s3_settings import S3Settings

    return S3Settings(endpoint_url=s3_server, region="us-east-1", access_key="testing", secret_key="testing")


@pytest.fixture
def s3_client(s3_settings):
    """A client of the server that shares nothing with the storage under test."""
    return _client_of(s3_settings)


@functools.cache
def _client_of(settings):
    """To make one takes a quarter of a second."""
    import boto3

    keys = {"aws_access_key_id": settings.access_key, "aws_secret_access_key": settings.secret_key}
    return boto3.session.Session().client("s3", endpoint_url=settings.endpoint_url, region_name=settings.region, **keys)


@pytest.fixture
def bucket(s3_client):
    """A new bucket."""
    name = f"bucket-{uuid.uuid4().hex}"
    s3_client.create_bucket(Bucket=name)
    return name
