import { customerApiKey, tokenIssuerKey } from '../contracts/keys.ts';
import type { ApiKeyRecord, TokenIssuerRecord } from '../contracts/records.ts';
import type { ApiKeyStore } from '../ports.ts';
import { recordOf, type Table } from './dynamodb-table.ts';

/** API keys by tenant. Keys are written by the operator's command line, never by the API. */
export function dynamodbApiKeys(table: Table): ApiKeyStore {
  return {
    async key(tenant, keyId) {
      const item = await table.get(`T#${tenant}`, `KEY#${keyId}`);
      return item && recordOf<ApiKeyRecord>(item);
    },
    async customerApi(customerApiId) {
      const { partition, sort } = customerApiKey(customerApiId);
      const item = await table.get(partition, sort);
      return item && recordOf<ApiKeyRecord>(item);
    },
    async issuer(tenant, issuerId) {
      const { partition, sort } = tokenIssuerKey(tenant, issuerId);
      const item = await table.get(partition, sort);
      return item && recordOf<TokenIssuerRecord>(item);
    },
  };
}
