"""One key and one ciphertext through Tencent and Alibaba's RPC API."""

from trentlib.pairs import Pair


class TestTencentAlibaba(Pair):
    first, second = "tencent", "alibaba"
