"""One key and one ciphertext through AWS and Tencent."""

from trentlib.pairs import Pair


class TestAwsTencent(Pair):
    first, second = "aws", "tencent"
