"""One key and one ciphertext through AWS and Thalassa."""

from trentlib.pairs import Pair


class TestAwsThalassa(Pair):
    first, second = "aws", "thalassa"
