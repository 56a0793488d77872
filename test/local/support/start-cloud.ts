/** Starts a cloud in a process of its own, for tests that end it: `start-cloud.ts <assembly> <data folder>`. */
import { startLocalCloud } from '../../../local/main.ts';

const [assembly = '', dataFolder = ''] = process.argv.slice(2);
const cloud = await startLocalCloud({ assembly, dataFolder, port: 0, schedules: false });
await fetch(`${cloud.apiUrl}/v1/items/7`, { headers: { 'X-API-Key': 'good' } });
const pids = cloud.lambda.functionNames
  .flatMap((name) => cloud.lambda.environments(name))
  .map(({ pid }) => pid);
console.log(JSON.stringify({ apiUrl: cloud.apiUrl, pids }));
