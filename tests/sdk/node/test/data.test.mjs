// Encrypt, Decrypt, the data keys and data key pairs, and RotateKeyOnDemand.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, test } from 'node:test';
import {
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  IncorrectKeyException,
  InvalidCiphertextException,
  InvalidKeyUsageException,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms';
import { ASYMMETRIC, checkPair, publicKey } from '../lib/crypto.mjs';
import { everyDoor } from '../lib/doors.mjs';

const CONTEXTS = [undefined, {}, { Purpose: 'Test' }, { b: '2', a: '1', 'naïve ✓': '' }];

everyDoor((at, name) =>
  describe(name, () => {
    let KeyId;

    before(async () => {
      KeyId = (await at.send(CreateKeyCommand)).KeyMetadata.KeyId;
    });

    const open = async (CiphertextBlob, EncryptionContext, more = {}) => {
      const opened = await at.send(DecryptCommand, { CiphertextBlob, EncryptionContext, ...more });
      assert.equal(opened.KeyId, at.arn(KeyId));
      return Buffer.from(opened.Plaintext);
    };

    for (const context of CONTEXTS) {
      test(`round trip with the context ${JSON.stringify(context)}`, async () => {
        for (const size of [1, 4096]) {
          const Plaintext = randomBytes(size);
          const sealed = await at.send(EncryptCommand, { KeyId, Plaintext, EncryptionContext: context });
          assert.equal(sealed.KeyId, at.arn(KeyId));
          assert.equal(sealed.EncryptionAlgorithm, 'SYMMETRIC_DEFAULT');
          assert.deepEqual(await open(sealed.CiphertextBlob, context), Plaintext);
          assert.deepEqual(await open(sealed.CiphertextBlob, context, { KeyId }), Plaintext);
          const wrong = { ...context, more: 'x' };
          await assert.rejects(open(sealed.CiphertextBlob, wrong), InvalidCiphertextException);
        }
      });
    }

    test('errors', async () => {
      const { CiphertextBlob } = await at.send(EncryptCommand, { KeyId, Plaintext: Buffer.from('x') });
      const other = (await at.send(CreateKeyCommand)).KeyMetadata.KeyId;
      const signing = (await at.send(CreateKeyCommand, { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' })).KeyMetadata.KeyId;
      const bent = Buffer.from(CiphertextBlob);
      bent[bent.length - 1] ^= 1;
      await assert.rejects(open(bent), InvalidCiphertextException);
      await assert.rejects(open(Buffer.from('garbage')), InvalidCiphertextException);
      await assert.rejects(open(CiphertextBlob, undefined, { KeyId: other }), IncorrectKeyException);
      const usage = at.send(EncryptCommand, { KeyId: signing, Plaintext: Buffer.from('x') });
      await assert.rejects(usage, InvalidKeyUsageException);
      const long = at.send(EncryptCommand, { KeyId, Plaintext: randomBytes(4097) });
      await assert.rejects(long, { name: 'ValidationException' });
      assert.equal((await open(CiphertextBlob)).toString(), 'x');
    });

    for (const asked of [{ KeySpec: 'AES_128' }, { KeySpec: 'AES_256' }, { NumberOfBytes: 1024 }]) {
      test(`data key ${JSON.stringify(asked)}`, async () => {
        const size = asked.NumberOfBytes ?? Number(asked.KeySpec.slice(4)) / 8;
        const input = { KeyId, EncryptionContext: { Purpose: 'Test' }, GrantTokens: [], ...asked };
        const made = await at.send(GenerateDataKeyCommand, input);
        assert.equal(made.Plaintext.length, size);
        assert.deepEqual(await open(made.CiphertextBlob, input.EncryptionContext), Buffer.from(made.Plaintext));
        const hidden = await at.send(GenerateDataKeyWithoutPlaintextCommand, input);
        assert.equal(hidden.Plaintext, undefined);
        assert.equal((await open(hidden.CiphertextBlob, input.EncryptionContext)).length, size);
      });
    }

    for (const KeyPairSpec of Object.keys(ASYMMETRIC)) {
      test(`data key pair ${KeyPairSpec}`, async () => {
        const EncryptionContext = { Purpose: 'Test' };
        const made = await at.send(GenerateDataKeyPairCommand, { KeyId, KeyPairSpec, EncryptionContext, GrantTokens: [] });
        assert.equal(made.KeyId, at.arn(KeyId));
        assert.equal(made.KeyPairSpec, KeyPairSpec);
        const secret = await open(made.PrivateKeyCiphertextBlob, EncryptionContext);
        checkPair(secret, publicKey(made.PublicKey, KeyPairSpec));
        // In the verenc style the private key leaves only sealed.
        if (at.verenc) assert.equal(made.PrivateKeyPlaintext, undefined);
        else assert.deepEqual(Buffer.from(made.PrivateKeyPlaintext), secret);
        await assert.rejects(open(made.PrivateKeyCiphertextBlob), InvalidCiphertextException);
      });
      if (KeyPairSpec === 'RSA_4096') continue; // slow to make, and the same code
      test(`data key pair ${KeyPairSpec} without plaintext`, async () => {
        const made = await at.send(GenerateDataKeyPairWithoutPlaintextCommand, { KeyId, KeyPairSpec });
        assert.equal(made.PrivateKeyPlaintext, undefined);
        checkPair(await open(made.PrivateKeyCiphertextBlob), publicKey(made.PublicKey, KeyPairSpec));
      });
    }

    test('old versions open after rotation', async () => {
      const kept = [];
      for (let generation = 0; generation < 3; generation += 1) {
        const Plaintext = Buffer.from(`generation ${generation}`);
        kept.push([Plaintext, (await at.send(EncryptCommand, { KeyId, Plaintext })).CiphertextBlob]);
        assert.equal((await at.send(RotateKeyOnDemandCommand, { KeyId })).KeyId, at.arn(KeyId));
        for (const [expected, sealed] of kept) assert.deepEqual(await open(sealed), expected);
      }
    });
  }),
);
