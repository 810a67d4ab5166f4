"""One key and one ciphertext through Q-KMS and Tencent."""

from trentlib.pairs import Pair


class TestQkmsTencent(Pair):
    first, second = "qkms", "tencent"
