"""What the blog's scripts call of s3fs, over a folder."""

import os


class S3FileSystem:
    def open(self, path):
        return open(os.path.join(os.environ["LOCAL_S3"], path.removeprefix("s3://")), "rb")
