import { CASES } from './cases.ts';
import { dataset } from './datasets.ts';

/** Child of `memory.ts`: prints by how much one call raises the peak resident memory of this process, MiB. */
const bench = CASES.find(({ title }) => title === process.argv[2]);
if (!bench) throw new Error(`No case is called ${process.argv[2]}.`);
const set = dataset(bench.data);
const peakMb = () => process.resourceUsage().maxRSS / 1024;
const before = peakMb();
bench.ours(set);
console.log((peakMb() - before).toFixed(1));
