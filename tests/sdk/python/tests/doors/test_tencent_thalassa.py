"""One key and one ciphertext through Tencent and Thalassa."""

from trentlib.pairs import Pair


class TestTencentThalassa(Pair):
    first, second = "tencent", "thalassa"
