/** A store in a process of its own, to be killed: `node s3-process.ts <folder>`; sends its endpoint and credentials. */
import { ADMIN_ARN } from '../../../local/iam.ts';
import { runStore } from './s3-fixture.ts';

const { endpoint, iam } = await runStore(process.argv[2]!);
const { accessKeyId, secretAccessKey } = iam.credentialsFor(ADMIN_ARN);
process.send!([endpoint, accessKeyId, secretAccessKey]);
