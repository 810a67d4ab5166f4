// A client for each account style through each door: plain HTTP, and TLS under the generated authority.
import { KMSClient } from '@aws-sdk/client-kms';

const env = JSON.parse(process.env.TRENT_ENV);

// Calls `tests` once for each door and style, with a client and what the style means.
export function everyDoor(tests) {
  for (const [door, endpoint] of [['plain', env.endpoint], ['tls', env.endpoint_tls]]) {
    for (const [section, style] of [['aws', 'aws'], ['qkms', 'verenc']]) {
      tests(new Account(env[section], style, endpoint), `${style} over ${door}`);
    }
  }
}

class Account {
  constructor(told, style, endpoint) {
    this.style = style;
    this.verenc = style === 'verenc';
    this.region = told.region;
    this.number = String(told.account_id);
    this.client = new KMSClient({
      endpoint,
      region: told.region,
      credentials: { accessKeyId: told.access_key_id, secretAccessKey: told.secret_access_key },
      maxAttempts: 1, // every answer is seen
    });
  }

  arn(id) {
    return this.verenc ? `arn:verenc:${this.number}:key/${id}` : `arn:aws:kms:${this.region}:${this.number}:key/${id}`;
  }

  // Sends one command of the SDK and returns its answer without the metadata.
  async send(Command, input = {}) {
    const { $metadata, ...answer } = await this.client.send(new Command(input));
    if (!$metadata.requestId) throw new Error('an answer without a request id');
    return answer;
  }
}
