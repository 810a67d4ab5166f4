// CreateKey, DescribeKey, ListKeys, EnableKey, DisableKey, GetPublicKey.
import assert from 'node:assert/strict';
import { constants, publicEncrypt } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  DisabledException,
  EnableKeyCommand,
  EncryptCommand,
  GetPublicKeyCommand,
  ListKeysCommand,
  NotFoundException,
  UnsupportedOperationException,
  paginateListKeys,
} from '@aws-sdk/client-kms';
import { publicKey } from '../lib/crypto.mjs';
import { everyDoor } from '../lib/doors.mjs';

const OAEP = ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'];
const RSA_SIGN = ['PKCS1_V1_5', 'PSS'].flatMap((scheme) => [256, 384, 512].map((size) => `RSASSA_${scheme}_SHA_${size}`));

// spec, usage, and the algorithms that the metadata and the public key must name
const KEYS = [
  ['SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT', ['SYMMETRIC_DEFAULT']],
  ['RSA_2048', 'ENCRYPT_DECRYPT', OAEP],
  ['RSA_2048', 'SIGN_VERIFY', RSA_SIGN],
  ['RSA_3072', 'SIGN_VERIFY', RSA_SIGN],
  ['RSA_4096', 'ENCRYPT_DECRYPT', OAEP],
  ['ECC_NIST_P256', 'SIGN_VERIFY', ['ECDSA_SHA_256']],
  ['ECC_NIST_P384', 'SIGN_VERIFY', ['ECDSA_SHA_384']],
  ['ECC_NIST_P521', 'SIGN_VERIFY', ['ECDSA_SHA_512']],
  ['ECC_SECG_P256K1', 'SIGN_VERIFY', ['ECDSA_SHA_256']],
  ['ECC_NIST_EDWARDS25519', 'SIGN_VERIFY', ['ED25519_SHA_512', 'ED25519_PH_SHA_512']],
];
const LISTS = ['EncryptionAlgorithms', 'SigningAlgorithms'];

everyDoor((at, name) =>
  describe(name, () => {
    for (const [spec, usage, algorithms] of KEYS) {
      const asked = spec === 'SYMMETRIC_DEFAULT' ? {} : { KeyUsage: usage };
      const list = LISTS[usage === 'SIGN_VERIFY' ? 1 : 0];

      test(`${spec} for ${usage}`, async () => {
        const { KeyMetadata: made } = await at.send(CreateKeyCommand, { KeySpec: spec, Description: spec, ...asked });
        assert.equal(made.Arn, at.arn(made.KeyId));
        assert.equal(made.AWSAccountId, at.number);
        assert.equal(made.KeySpec, spec);
        assert.equal(made.KeyUsage, usage);
        assert.equal(made.KeyState, 'Enabled');
        assert.equal(made.Enabled, true);
        assert.equal(made.Origin, 'AWS_KMS');
        assert.ok(Math.abs(Date.now() - made.CreationDate.getTime()) < 60_000);
        assert.deepEqual(made[list], algorithms);
        const { KeyMetadata: told } = await at.send(DescribeKeyCommand, { KeyId: made.Arn, GrantTokens: [] });
        assert.deepEqual(told, made);
        if (spec !== 'SYMMETRIC_DEFAULT') await checkPublic(at, made, list, algorithms);
      });

      if (spec === 'ECC_NIST_EDWARDS25519') continue; // newer than the old member's enum
      test(`${spec} for ${usage} by the old name of the member`, async () => {
        const { KeyMetadata: made } = await at.send(CreateKeyCommand, { CustomerMasterKeySpec: spec, ...asked });
        assert.equal(made.KeySpec, spec);
        assert.equal(made.CustomerMasterKeySpec, spec);
        assert.deepEqual(made[list], algorithms);
      });
    }

    test('pages of the list', async () => {
      const made = new Set();
      for (let n = 0; n < 5; n += 1) made.add((await at.send(CreateKeyCommand)).KeyMetadata.KeyId);
      const pages = { 2: [], 1000: [] };
      for (const size of Object.keys(pages)) {
        for await (const page of paginateListKeys({ client: at.client, pageSize: Number(size) }, {})) {
          assert.ok(page.Keys.length <= Number(size));
          assert.equal(page.NextMarker !== undefined, page.Truncated);
          pages[size].push(...page.Keys);
        }
      }
      assert.deepEqual(pages[2], pages[1000]);
      for (const { KeyId, KeyArn } of pages[2]) assert.equal(KeyArn, at.arn(KeyId));
      const ids = new Set(pages[2].map((key) => key.KeyId));
      assert.equal(ids.size, pages[2].length);
      for (const id of made) assert.ok(ids.has(id));
      await assert.rejects(at.send(ListKeysCommand, { Marker: 'nonsense' }), { name: 'InvalidMarkerException' });
    });

    test('disable and enable', async () => {
      const { KeyId } = (await at.send(CreateKeyCommand)).KeyMetadata;
      const Plaintext = Buffer.from('x');
      await at.send(DisableKeyCommand, { KeyId });
      assert.equal((await at.send(DescribeKeyCommand, { KeyId })).KeyMetadata.KeyState, 'Disabled');
      await assert.rejects(at.send(EncryptCommand, { KeyId, Plaintext }), DisabledException);
      await at.send(EnableKeyCommand, { KeyId });
      assert.equal((await at.send(DescribeKeyCommand, { KeyId })).KeyMetadata.KeyState, 'Enabled');
      await at.send(EncryptCommand, { KeyId, Plaintext });
    });

    test('errors of the public key page', async () => {
      const { KeyId } = (await at.send(CreateKeyCommand, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })).KeyMetadata;
      const symmetric = (await at.send(CreateKeyCommand)).KeyMetadata.KeyId;
      const tokens = { KeyId, GrantTokens: ['unknown'] };
      await assert.rejects(at.send(GetPublicKeyCommand, { KeyId: symmetric }), UnsupportedOperationException);
      await assert.rejects(at.send(GetPublicKeyCommand, tokens), { name: 'InvalidGrantTokenException' });
      await assert.rejects(at.send(GetPublicKeyCommand, { KeyId: '1234abcd-12ab-34cd-56ef-1234567890ab' }), NotFoundException);
      await at.send(DisableKeyCommand, { KeyId });
      await assert.rejects(at.send(GetPublicKeyCommand, { KeyId }), DisabledException);
    });
  }),
);

async function checkPublic(at, made, list, algorithms) {
  const { KeyId } = made;
  const told = await at.send(GetPublicKeyCommand, { KeyId });
  assert.equal(told.KeyId, made.Arn);
  assert.equal(told.KeySpec, made.KeySpec);
  assert.equal(told.KeyUsage, made.KeyUsage);
  assert.deepEqual(told[list], algorithms);
  const key = publicKey(told.PublicKey, made.KeySpec);
  if (made.KeyUsage !== 'ENCRYPT_DECRYPT') return;
  for (const EncryptionAlgorithm of algorithms) {
    const oaepHash = EncryptionAlgorithm.endsWith('_1') ? 'sha1' : 'sha256';
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const CiphertextBlob = publicEncrypt({ key, padding, oaepHash }, Buffer.from('made offline'));
    const opened = await at.send(DecryptCommand, { KeyId, CiphertextBlob, EncryptionAlgorithm });
    assert.equal(Buffer.from(opened.Plaintext).toString(), 'made offline');
    const Plaintext = Buffer.from('made inside');
    const sealed = await at.send(EncryptCommand, { KeyId, Plaintext, EncryptionAlgorithm });
    const again = await at.send(DecryptCommand, { KeyId, CiphertextBlob: sealed.CiphertextBlob, EncryptionAlgorithm });
    assert.deepEqual(Buffer.from(again.Plaintext), Plaintext);
  }
}
