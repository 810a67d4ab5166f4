// Tencent Cloud's API by its own SDK: CreateKey, DescribeKey, ListKeys, EnableKey, DisableKey, Encrypt, Decrypt,
// GenerateDataKey, GetPublicKey, AsymmetricRsaDecrypt.
import assert from 'node:assert/strict';
import { constants, createPublicKey, publicEncrypt, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import tencent from 'tencentcloud-sdk-nodejs/tencentcloud/services/kms/v20190118/index.js';

const env = JSON.parse(process.env.TRENT_ENV);
const { secret_id: secretId, secret_key: secretKey, region } = env.tencent;
const { port } = new URL(env.endpoint);
const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const Plaintext = Buffer.from('a b+c/d=*~é').toString('base64');

// KeyUsage, and what the public key must be
const ASYMMETRIC = [
  ['ASYMMETRIC_DECRYPT_RSA_2048', 'rsa', { modulusLength: 2048 }],
  ['ASYMMETRIC_SIGN_VERIFY_RSA_2048', 'rsa', { modulusLength: 2048 }],
  ['ASYMMETRIC_SIGN_VERIFY_RSA_3072', 'rsa', { modulusLength: 3072 }],
  ['ASYMMETRIC_SIGN_VERIFY_ECC', 'ec', { namedCurve: 'prime256v1' }],
  ['ASYMMETRIC_SIGN_VERIFY_ECDSA384', 'ec', { namedCurve: 'secp384r1' }],
];

for (const protocol of ['http://', 'https://']) {
  for (const endpoint of [`127.0.0.1:${port}`, `localhost:${port}`]) {
    for (const signMethod of ['TC3-HMAC-SHA256', 'HmacSHA256']) {
      describe(`tencent ${signMethod} at ${protocol}${endpoint}`, () => tests(protocol, endpoint, signMethod));
    }
  }
}

function client(protocol, endpoint, signMethod, credential = { secretId, secretKey }) {
  const profile = { signMethod, httpProfile: { protocol, endpoint, reqTimeout: 60 } };
  return new tencent.v20190118.Client({ credential, region, profile });
}

function tests(protocol, endpoint, signMethod) {
  const kms = client(protocol, endpoint, signMethod);
  const call = async (action, params = {}) => {
    const answer = await kms[action](params);
    assert.match(answer.RequestId, /^[0-9a-f-]{36}$/);
    return answer;
  };
  const refused = (code, action, params, by = kms) =>
    assert.rejects(by[action](params), (error) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.requestId, /^[0-9a-f-]{36}$/);
      return true;
    });
  const key = (params = {}) => call('CreateKey', { Alias: `node-${randomUUID()}`, ...params });

  test('create and describe', async () => {
    const Alias = `node-${randomUUID()}`;
    const made = await call('CreateKey', { Alias, Description: 'a b*~é', Tags: [{ TagKey: 'a', TagValue: 'b' }] });
    assert.deepEqual([made.Alias, made.Description, made.KeyState], [Alias, 'a b*~é', 'Enabled']);
    assert.equal(made.KeyUsage, 'ENCRYPT_DECRYPT');
    assert.ok(Math.abs(Date.now() / 1000 - made.CreateTime) < 60);
    const { KeyMetadata: told } = await call('DescribeKey', { KeyId: made.KeyId });
    for (const name of ['KeyId', 'Alias', 'CreateTime', 'Description', 'KeyState', 'KeyUsage']) {
      assert.equal(told[name], made[name], name);
    }
    assert.equal(told.Origin, 'TENCENT_KMS');
    assert.equal(told.ResourceId, `creatorUin/${told.CreatorUin}/${told.KeyId}`);
    await refused('InvalidParameterValue.AliasAlreadyExists', 'CreateKey', { Alias });
  });

  test('pages of the list', async () => {
    const made = [];
    for (let n = 0; n < 3; n += 1) made.push((await key()).KeyId);
    const found = new Set();
    for (let total = 1; found.size < total; ) {
      const page = await call('ListKeys', { Offset: found.size, Limit: 50 });
      assert.ok(page.Keys.length > 0 && page.Keys.length <= 50);
      const before = found.size;
      for (const { KeyId } of page.Keys) found.add(KeyId);
      assert.equal(found.size, before + page.Keys.length, 'a key on two pages');
      total = page.TotalCount;
    }
    for (const id of made) assert.ok(found.has(id));
  });

  test('encrypt and decrypt', async () => {
    const { KeyId } = await key();
    for (const EncryptionContext of [undefined, '{"b":"2","a":"1"}']) {
      const bound = EncryptionContext ? { EncryptionContext } : {};
      const { CiphertextBlob } = await call('Encrypt', { KeyId, Plaintext, ...bound });
      const opened = await call('Decrypt', { CiphertextBlob, ...bound });
      assert.deepEqual([opened.Plaintext, opened.KeyId], [Plaintext, KeyId]);
      const wrong = { CiphertextBlob, EncryptionContext: '{"a":"1"}' };
      await refused('InvalidParameterValue.InvalidCiphertext', 'Decrypt', wrong);
    }
    const { CiphertextBlob } = await call('Encrypt', { KeyId, Plaintext, EncryptionContext: '{"b":"2","a":"1"}' });
    assert.equal((await call('Decrypt', { CiphertextBlob, EncryptionContext: '{"a":"1", "b":"2"}' })).Plaintext, Plaintext);
    await refused('InvalidParameterValue.InvalidCiphertext', 'Decrypt', { CiphertextBlob: 'bm8gYmxvYg==' });
    await refused('InvalidParameterValue.InvalidPlaintext', 'Encrypt', { KeyId, Plaintext: 'no base64!' });
  });

  for (const asked of [{ KeySpec: 'AES_128' }, { KeySpec: 'AES_256' }, { NumberOfBytes: 1024 }]) {
    test(`data key ${JSON.stringify(asked)}`, async () => {
      const { KeyId } = await key();
      const made = await call('GenerateDataKey', { KeyId, ...asked });
      const size = asked.NumberOfBytes ?? Number(asked.KeySpec.slice(4)) / 8;
      assert.equal(Buffer.from(made.Plaintext, 'base64').length, size);
      const { CiphertextBlob } = made;
      assert.equal((await call('Decrypt', { CiphertextBlob })).Plaintext, made.Plaintext);
    });
  }

  for (const [KeyUsage, type, details] of ASYMMETRIC) {
    test(`public key ${KeyUsage}`, async () => {
      const { KeyId } = await key({ KeyUsage });
      const told = await call('GetPublicKey', { KeyId });
      assert.equal(told.KeyId, KeyId);
      const spki = createPublicKey(told.PublicKeyPem);
      assert.equal(spki.asymmetricKeyType, type);
      for (const [name, value] of Object.entries(details)) assert.equal(spki.asymmetricKeyDetails[name], value);
      assert.equal(spki.export({ format: 'der', type: 'spki' }).toString('base64'), told.PublicKey);
      if (KeyUsage === 'ASYMMETRIC_DECRYPT_RSA_2048') await decrypts(KeyId, spki);
    });
  }

  async function decrypts(KeyId, spki) {
    for (const [Algorithm, options] of [
      ['RSAES_OAEP_SHA_1', { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }],
      ['RSAES_OAEP_SHA_256', { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }],
      ['RSAES_PKCS1_V1_5', { padding: constants.RSA_PKCS1_PADDING }],
    ]) {
      const Ciphertext = publicEncrypt({ key: spki, ...options }, Buffer.from(Plaintext, 'base64')).toString('base64');
      const opened = await call('AsymmetricRsaDecrypt', { KeyId, Ciphertext, Algorithm });
      assert.deepEqual([opened.Plaintext, opened.KeyId], [Plaintext, KeyId]);
    }
    const Ciphertext = Buffer.alloc(256, 7).toString('base64');
    const wrong = { KeyId, Ciphertext, Algorithm: 'RSAES_OAEP_SHA_256' };
    await refused('FailedOperation.DecryptError', 'AsymmetricRsaDecrypt', wrong);
  }

  test('disable and enable', async () => {
    const { KeyId } = await key();
    const { CiphertextBlob } = await call('Encrypt', { KeyId, Plaintext });
    await call('DisableKey', { KeyId });
    assert.equal((await call('DescribeKey', { KeyId })).KeyMetadata.KeyState, 'Disabled');
    await refused('ResourceUnavailable.CmkDisabled', 'Encrypt', { KeyId, Plaintext });
    await refused('ResourceUnavailable.CmkDisabled', 'Decrypt', { CiphertextBlob });
    await call('EnableKey', { KeyId });
    assert.equal((await call('Decrypt', { CiphertextBlob })).Plaintext, Plaintext);
    const signing = (await key({ KeyUsage: 'ASYMMETRIC_SIGN_VERIFY_ECC' })).KeyId;
    await call('DisableKey', { KeyId: signing });
    await refused('ResourceUnavailable.CmkStateNotSupport', 'GetPublicKey', { KeyId: signing });
  });

  test('errors', async () => {
    const { KeyId } = await key();
    const signing = (await key({ KeyUsage: 'ASYMMETRIC_SIGN_VERIFY_RSA_2048' })).KeyId;
    await refused('ResourceUnavailable.CmkNotFound', 'DescribeKey', { KeyId: UNKNOWN });
    await refused('InvalidParameterValue.InvalidKeyId', 'DescribeKey', { KeyId: 'no key' });
    await refused('MissingParameter', 'DescribeKey', {});
    await refused('InvalidParameter', 'GetPublicKey', { KeyId });
    const wrong = { KeyId: signing, Ciphertext: 'AAAA', Algorithm: 'RSAES_OAEP_SHA_256' };
    await refused('InvalidParameterValue.InvalidKeyUsage', 'AsymmetricRsaDecrypt', wrong);
    await refused('InvalidParameterValue.InvalidAlias', 'CreateKey', { Alias: 'kms-mine' });
    await refused('InvalidParameterValue.InvalidKeyUsage', 'CreateKey', { Alias: 'a', KeyUsage: 'NONE' });
    const other = (changed) => client(protocol, endpoint, signMethod, { secretId, secretKey, ...changed });
    await refused('AuthFailure.SignatureFailure', 'ListKeys', {}, other({ secretKey: `${secretKey}x` }));
    await refused('AuthFailure.SecretIdNotFound', 'ListKeys', {}, other({ secretId: 'AKIDnobody' }));
  });
}
