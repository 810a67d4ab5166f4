"""One key and one ciphertext through Q-KMS and Thalassa."""

from trentlib.pairs import Pair


class TestQkmsThalassa(Pair):
    first, second = "qkms", "thalassa"
