// Checks by node:crypto, which shares no code with the server.
import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';

// What a key of each spec must turn out to be.
export const ASYMMETRIC = {
  RSA_2048: { asymmetricKeyType: 'rsa', modulusLength: 2048 },
  RSA_3072: { asymmetricKeyType: 'rsa', modulusLength: 3072 },
  RSA_4096: { asymmetricKeyType: 'rsa', modulusLength: 4096 },
  ECC_NIST_P256: { asymmetricKeyType: 'ec', namedCurve: 'prime256v1' },
  ECC_NIST_P384: { asymmetricKeyType: 'ec', namedCurve: 'secp384r1' },
  ECC_NIST_P521: { asymmetricKeyType: 'ec', namedCurve: 'secp521r1' },
  ECC_SECG_P256K1: { asymmetricKeyType: 'ec', namedCurve: 'secp256k1' },
  ECC_NIST_EDWARDS25519: { asymmetricKeyType: 'ed25519' },
};

const MESSAGE = Buffer.from('a message that nobody else signs');

// Reads a SubjectPublicKeyInfo and sees that it is of the spec.
export function publicKey(der, spec) {
  const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  const { asymmetricKeyType, ...details } = ASYMMETRIC[spec];
  assert.equal(key.asymmetricKeyType, asymmetricKeyType);
  for (const [name, value] of Object.entries(details)) assert.equal(key.asymmetricKeyDetails[name], value);
  assert.deepEqual(key.export({ format: 'der', type: 'spki' }), Buffer.from(der));
  return key;
}

// The PKCS#8 private key belongs to the public key, and what it signs verifies there alone.
export function checkPair(privateDer, key) {
  const secret = createPrivateKey({ key: Buffer.from(privateDer), format: 'der', type: 'pkcs8' });
  assert.ok(createPublicKey(secret).equals(key), 'the halves do not belong together');
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  const signature = sign(digest, MESSAGE, secret);
  assert.ok(verify(digest, MESSAGE, key, signature));
  assert.ok(!verify(digest, Buffer.concat([MESSAGE, Buffer.from('!')]), key, signature));
}
