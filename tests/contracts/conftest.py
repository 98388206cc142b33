"""Servers that contracts are held against."""

from s3_server import aws_environment, bucket, s3_client, s3_server, s3_settings

__all__ = ["aws_environment", "bucket", "s3_client", "s3_server", "s3_settings"]
