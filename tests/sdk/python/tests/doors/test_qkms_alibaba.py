"""One key and one ciphertext through Q-KMS and Alibaba's RPC API."""

from trentlib.pairs import Pair


class TestQkmsAlibaba(Pair):
    first, second = "qkms", "alibaba"
