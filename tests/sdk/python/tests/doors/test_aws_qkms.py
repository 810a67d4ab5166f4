"""One key and one ciphertext through AWS and Q-KMS."""

from trentlib.pairs import Pair


class TestAwsQkms(Pair):
    first, second = "aws", "qkms"
