"""How to reach an S3 service; known without boto3."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class S3Settings:
    """Where the service is and who asks; None leaves it to boto3's own chain of environment, files and roles."""

    endpoint_url: str | None = None  # None for AWS
    region: str | None = None
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    attempts: int = 5
    connect_seconds: float = 5.0
    read_seconds: float = 60.0
