"""One key and one ciphertext through Alibaba's RPC API and Thalassa."""

from trentlib.pairs import Pair


class TestAlibabaThalassa(Pair):
    first, second = "alibaba", "thalassa"
