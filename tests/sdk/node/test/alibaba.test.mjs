// Alibaba Cloud's RPC API by @alicloud/pop-core, which signs in the old way: CreateKey, DescribeKey, ListKeys, EnableKey,
// DisableKey, CreateAlias, CreateKeyVersion, Encrypt, Decrypt.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import Core from '@alicloud/pop-core';

const env = JSON.parse(process.env.TRENT_ENV);
const { access_key_id: accessKeyId, access_key_secret: accessKeySecret, region } = env.alibaba;
const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const Plaintext = Buffer.from('a b+c/d=*~é').toString('base64');

for (const [door, endpoint] of [['plain', env.endpoint], ['tls', env.endpoint_tls]]) {
  for (const method of ['GET', 'POST']) {
    describe(`alibaba ${method} over ${door}`, () => tests(endpoint, method));
  }
}

function tests(endpoint, method) {
  const config = { accessKeyId, accessKeySecret, endpoint, apiVersion: '2016-01-20' };
  const call = async (action, params = {}, changed = {}) => {
    const answer = await new Core({ ...config, ...changed }).request(action, params, { method });
    assert.match(answer.RequestId, /^[0-9A-Fa-f-]{36}$/);
    assert.equal(answer.Code, undefined);
    return answer;
  };
  const key = async (params) => (await call('CreateKey', params)).KeyMetadata;
  const refused = (status, code, action, params, changed) =>
    assert.rejects(call(action, params, changed), (error) => {
      assert.equal(error.code, code, error.message);
      assert.equal(error.entry.response.statusCode, status);
      for (const member of ['RequestId', 'HostId', 'Code', 'Message', 'Recommend']) {
        assert.equal(typeof error.data[member], 'string', member);
      }
      return true;
    });

  test('create and describe', async () => {
    const made = await key({ Description: 'a b*~é', Tags: JSON.stringify([{ TagKey: 'a', TagValue: 'b' }]) });
    assert.equal(made.KeySpec, 'Aliyun_AES_256');
    assert.equal(made.KeyUsage, 'ENCRYPT/DECRYPT');
    assert.equal(made.KeyState, 'Enabled');
    assert.equal(made.Description, 'a b*~é');
    assert.equal(made.PrimaryKeyVersion.length, 36);
    assert.equal(made.Arn, `acs:kms:${region}:${env.alibaba.account_id}:key/${made.KeyId}`);
    assert.ok(Math.abs(Date.now() - Date.parse(made.CreationDate)) < 60_000);
    for (const KeyId of [made.KeyId, made.Arn]) {
      const told = (await call('DescribeKey', { KeyId })).KeyMetadata;
      for (const [name, value] of Object.entries(made)) assert.deepEqual(told[name], value, name);
    }
    for (const [KeySpec, KeyUsage] of [['RSA_2048', 'ENCRYPT/DECRYPT'], ['EC_P256', 'SIGN/VERIFY']]) {
      const other = await key({ KeySpec, KeyUsage });
      assert.deepEqual([other.KeySpec, other.KeyUsage], [KeySpec, KeyUsage]);
    }
  });

  test('pages of the list', async () => {
    const made = [];
    for (let n = 0; n < 3; n += 1) made.push((await key()).KeyId);
    const found = new Map();
    for (let PageNumber = 1, total = 1; found.size < total; PageNumber += 1) {
      const page = await call('ListKeys', { PageNumber, PageSize: 7 });
      assert.deepEqual([page.PageNumber, page.PageSize], [PageNumber, 7]);
      assert.ok(page.Keys.Key.length > 0 && page.Keys.Key.length <= 7);
      for (const { KeyId, KeyArn } of page.Keys.Key) {
        assert.ok(!found.has(KeyId), 'a key on two pages');
        found.set(KeyId, KeyArn);
      }
      total = page.TotalCount;
    }
    for (const id of made) assert.ok(found.get(id).endsWith(`:key/${id}`));
  });

  test('encrypt and decrypt', async () => {
    const { KeyId, PrimaryKeyVersion } = await key();
    const context = JSON.stringify({ b: '2', a: '1 é' });
    for (const EncryptionContext of [undefined, context]) {
      const bound = EncryptionContext ? { EncryptionContext } : {};
      const made = await call('Encrypt', { KeyId, Plaintext, ...bound });
      assert.deepEqual([made.KeyId, made.KeyVersionId], [KeyId, PrimaryKeyVersion]);
      const { CiphertextBlob } = made;
      assert.equal(Buffer.from(CiphertextBlob, 'base64').subarray(0, 36).toString(), PrimaryKeyVersion);
      const opened = await call('Decrypt', { CiphertextBlob, ...bound });
      assert.deepEqual([opened.Plaintext, opened.KeyId, opened.KeyVersionId], [Plaintext, KeyId, PrimaryKeyVersion]);
      const wrong = { EncryptionContext: JSON.stringify({ a: '1 é' }) };
      await refused(400, 'InvalidParameter', 'Decrypt', { CiphertextBlob, ...wrong });
    }
    await refused(400, 'InvalidParameter', 'Decrypt', { CiphertextBlob: 'bm8gYmxvYg==' });
    await refused(400, 'MissingParameter', 'Decrypt', {});
  });

  test('an alias', async () => {
    const [{ KeyId }, other] = [await key(), await key()];
    const AliasName = `alias/node/${randomUUID()}`;
    await call('CreateAlias', { AliasName, KeyId });
    assert.equal((await call('DescribeKey', { KeyId: AliasName })).KeyMetadata.KeyId, KeyId);
    assert.equal((await call('Encrypt', { KeyId: AliasName, Plaintext })).KeyId, KeyId);
    await refused(400, 'AliasAlreadyExists', 'CreateAlias', { AliasName, KeyId: other.KeyId });
    await refused(404, 'Forbidden.AliasNotFound', 'DescribeKey', { KeyId: `${AliasName}-not` });
    await refused(400, 'InvalidParameter', 'CreateAlias', { AliasName: 'alias/acs/own', KeyId });
  });

  test('a new version', async () => {
    const { KeyId, PrimaryKeyVersion } = await key();
    const old = await call('Encrypt', { KeyId, Plaintext });
    const { KeyVersion } = await call('CreateKeyVersion', { KeyId });
    assert.equal(KeyVersion.KeyId, KeyId);
    assert.notEqual(KeyVersion.KeyVersionId, PrimaryKeyVersion);
    assert.equal((await call('DescribeKey', { KeyId })).KeyMetadata.PrimaryKeyVersion, KeyVersion.KeyVersionId);
    const made = await call('Encrypt', { KeyId, Plaintext });
    assert.equal(made.KeyVersionId, KeyVersion.KeyVersionId);
    for (const { CiphertextBlob, KeyVersionId } of [old, made]) {
      const opened = await call('Decrypt', { CiphertextBlob });
      assert.deepEqual([opened.Plaintext, opened.KeyVersionId], [Plaintext, KeyVersionId]);
    }
  });

  test('disable and enable', async () => {
    const { KeyId } = await key();
    const { CiphertextBlob } = await call('Encrypt', { KeyId, Plaintext });
    await call('DisableKey', { KeyId });
    assert.equal((await call('DescribeKey', { KeyId })).KeyMetadata.KeyState, 'Disabled');
    await refused(409, 'Rejected.Disabled', 'Encrypt', { KeyId, Plaintext });
    await refused(409, 'Rejected.Disabled', 'Decrypt', { CiphertextBlob });
    await call('EnableKey', { KeyId });
    assert.equal((await call('Decrypt', { CiphertextBlob })).Plaintext, Plaintext);
  });

  test('errors', async () => {
    const { KeyId } = await key({ KeySpec: 'EC_P256' });
    await refused(404, 'Forbidden.KeyNotFound', 'DescribeKey', { KeyId: UNKNOWN });
    await refused(400, 'MissingParameter', 'DescribeKey', {});
    await refused(400, 'Rejected.UnsupportedOperation', 'Encrypt', { KeyId, Plaintext });
    await refused(400, 'InvalidParameter', 'CreateKey', { KeySpec: 'AES' });
    await refused(404, 'InvalidAction.NotFound', 'CreateKeys', {});
    await refused(400, 'InvalidVersion', 'ListKeys', {}, { apiVersion: '2016-01-21' });
    await refused(400, 'SignatureDoesNotMatch', 'ListKeys', {}, { accessKeySecret: `${accessKeySecret}x` });
    await refused(404, 'InvalidAccessKeyId.NotFound', 'ListKeys', {}, { accessKeyId: 'LTAInobody' });
  });
}
