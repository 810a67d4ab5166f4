"""One key and one ciphertext through AWS and Alibaba's RPC API."""

from trentlib.pairs import Pair


class TestAwsAlibaba(Pair):
    first, second = "aws", "alibaba"
