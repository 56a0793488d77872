/** A database in a process of its own that writes until it is killed; sends the number of items it was told are kept. */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { ADMIN_ARN } from '../../../local/iam.ts';
import { runDatabase } from './dynamodb-fixture.ts';

const database = await runDatabase(process.argv[2]!);
const client = database.clientFor(ADMIN_ARN);
for (let i = 1; ; i++) {
  await client.send(new PutItemCommand({ TableName: 'seg', Item: { pk: { S: 'p' }, sk: { S: String(i) } } }));
  process.send!(i);
}
