import type { ColdResult } from './cold.ts';
import type { PeakShare } from './dense-assignment.ts';
import type { IngestionResult } from './ingestion.ts';
import type { LimitResult } from './limits.ts';
import type { Machine } from './machine.ts';
import type { MemoryResult } from './memory.ts';
import type { CaseResult, PeerResult } from './pairs.ts';
import type { ThreadsResult } from './threads.ts';

/** All results measured so far; a run of some cases replaces those and keeps the others. */
export interface Results {
  readonly machine: Machine;
  readonly cases: readonly CaseResult[];
  readonly limits: readonly LimitResult[];
  readonly memory: readonly MemoryResult[];
  readonly cold?: readonly ColdResult[];
  readonly peak?: readonly PeakShare[];
  readonly threads?: readonly ThreadsResult[];
  readonly ingestion?: readonly IngestionResult[];
}

/** Memory of a Lambda function that has one whole core, GB. */
const ONE_CORE_GB = 1769 / 1024;

const seconds = (value: number) =>
  value >= 1 ? `${value.toFixed(2)} s` : `${(value * 1000).toFixed(value < 0.1 ? 2 : 0)} ms`;

const percent = (share: number | undefined) =>
  share === undefined ? '–' : `${(share * 100).toFixed(share > 0.99 && share < 1 ? 2 : 0)} %`;

/** The peer that comes closest to us. */
function bestPeer(result: CaseResult): PeerResult | undefined {
  return result.peers
    .filter((peer) => peer.ratio !== undefined)
    .sort((a, b) => a.ratio! - b.ratio!)
    .at(0);
}

/** What became of a case, in one word or a short reason. */
function verdict(result: CaseResult): string {
  const ratio = bestPeer(result)?.ratio;
  if (ratio === undefined) return result.peers.map((peer) => peer.error).join('; ');
  if (ratio >= result.stretch) return 'stretch';
  return ratio >= result.must ? 'must' : `**missed by ${((1 - ratio / result.must) * 100).toFixed(0)} %**`;
}

/** RESULTS.md. */
export function report({ machine, cases, limits, memory, cold, peak, threads, ingestion }: Results): string {
  const peers = Object.entries(machine.peers)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  return [
    '# Benchmark results',
    '',
    'Written by `npm run bench`; see `bench/README.md` for the method. Times are medians in seconds of the',
    'processor, ratios medians over alternating pairs of peer time ÷ our time, on one thread, with the data in memory. No time counts unless the result',
    'passed its equality gate. The shares are of what this core did at most in the same run: multiply-adds of distances computed,',
    'and rows read from the table, whatever cache they came from; the time includes everything else. Distances avoided are those',
    'that Lloyd’s algorithm, or comparing all pairs, computes and we did not. GB-s are what a Lambda function of 1769 MB is billed.',
    '',
    `- Machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB; Node ${machine.node}, kernels ${machine.numericMode}`,
    `- One core through WASM: ${machine.multiplyAddPeak.toFixed(1)} GFLOP/s multiply-add, ${machine.readBandwidth.toFixed(1)} GB/s read`,
    `- Peers: ${peers}, one thread`,
    '',
    '## Against peers',
    '',
    '| row | case | ours | best peer | its time | ratio | must | stretch | reached | equality | of the multiply-add peak | of the read bandwidth | distances avoided | GB-s per 1M rows |',
    '| --- | --- | ---: | --- | ---: | ---: | ---: | ---: | --- | --- | ---: | ---: | ---: | ---: |',
    ...cases.map((result) => {
      const peer = bestPeer(result);
      const lambda = (result.seconds * ONE_CORE_GB) / (result.nSamples / 1e6);
      return `| ${[
        result.id,
        result.title,
        seconds(result.seconds),
        peer?.name ?? '–',
        peer?.seconds === undefined ? '–' : seconds(peer.seconds),
        peer?.ratio === undefined ? '–' : peer.ratio.toFixed(1),
        result.must,
        result.stretch,
        verdict(result),
        result.gate ?? peer?.gate ?? '–',
        percent(result.multiplyAddShare),
        percent(result.readShare),
        percent(result.avoided),
        lambda.toPrecision(3),
      ].join(' | ')} |`;
    }),
    '',
    'Every peer:',
    '',
    ...cases.map((result) => `- ${result.title}: ${result.peers.map(peerText).join('; ')}`),
    '',
    '## Bounds on our own side',
    '',
    '| row | case | time | kernel memory | bound | holds |',
    '| --- | --- | ---: | ---: | --- | --- |',
    ...limits.map(
      (limit) =>
        `| ${limit.id} | ${limit.title} | ${seconds(limit.seconds)} | ${limit.kernelMb.toFixed(1)} MB | ${limit.bound} | ${limit.holds ? 'yes' : '**no**'} |`,
    ),
    '',
    '## Memory of fresh processes',
    '',
    'Peak resident memory that the call adds to a process which already holds the table.',
    '',
    '| case | ours | peer | its memory | ratio |',
    '| --- | ---: | --- | ---: | ---: |',
    ...memory.map(
      (one) =>
        `| ${one.title} | ${one.oursMb.toFixed(0)} MB | ${one.peer} | ${one.peerMb.toFixed(0)} MB | ${(one.peerMb / one.oursMb).toFixed(1)} |`,
    ),
    ...(cold
      ? [
          '',
          '## Whole processes',
          '',
          'Row C1: a process starts, loads what it needs, reads the table, clusters and ends; must 10, stretch 15. Ours are the',
          'bundles that `npm run build` writes, started a second time: compiled code is on disk, as Python’s is.',
          '',
          '| case | ours | peer | its time | ratio |',
          '| --- | ---: | --- | ---: | ---: |',
          ...cold.map(
            (one) =>
              `| ${one.title} | ${seconds(one.seconds)} | ${one.peer} | ${seconds(one.peerSeconds)} | ${one.ratio.toFixed(1)} |`,
          ),
        ]
      : []),
    ...(peak
      ? [
          '',
          '## Share of the core’s peak (P1)',
          '',
          'Multiply-adds of a k-means pass over all rows, in fixed point, that computes all distances and proves every label, against the float32 multiply-adds the core makes from registers; must 65 % (d=16) and 75 % (d=32), stretch 85 %.',
          '',
          '| case | 10⁹ multiply-adds/s | share of the WASM peak |',
          '| --- | ---: | ---: |',
          ...peak.map(
            ({ title, gigaMultiplyAdds, share }) =>
              `| ${title} | ${gigaMultiplyAdds.toFixed(1)} | ${(share * 100).toFixed(0)} % |`,
          ),
        ]
      : []),
    ...(threads
      ? [
          '',
          '## Two threads (T1)',
          '',
          'Two threads, the caller’s and a worker, against one, the same bytes; must 1.8, stretch 1.95.',
          '',
          '| case | one thread | two threads | ratio |',
          '| --- | ---: | ---: | ---: |',
          ...threads.map(
            ({ title, oneThread, twoThreads, ratio }) =>
              `| ${title} | ${seconds(oneThread)} | ${seconds(twoThreads)} | ${ratio.toFixed(2)} |`,
          ),
        ]
      : []),
    ...(ingestion ? ingestionLines(ingestion) : []),
    '',
  ].join('\n');
}

function ingestionLines(results: readonly IngestionResult[]): string[] {
  const rates = (rowsPerSecond: Readonly<Record<string, number>>) =>
    Object.entries(rowsPerSecond)
      .map(([step, rate]) => `${step} ${(rate / 1e6).toFixed(2)}`)
      .join(', ');
  return [
    '',
    '## Files to features (I1)',
    '',
    'One CSV through PlanRun … WriteFeatures on one core, each run in a fresh process, from disk to disk; peak resident memory',
    'of the whole process. Times are seconds of that core, user and system: waiting for it is not counted, what the collector and',
    'the compiler of either side take is. Pandas applies the same recipe: the same cleaning, columns, stand-ins and scaling, and writes',
    'the rows that are not used with their reason. Before a time counts, both sides must have left out as many rows and made as many entities, the same features, each of the same offset, scale, mean, deviation and',
    'extremes. Must: ratio 1, at 5 million rows a quarter of the memory, seconds per million rows that do not grow.',
    '',
    `The peer: ${[...new Set(results.map(({ peer }) => peer.name))].join(', ')}.`,
    '',
    'A fresh process compiles its code while it runs; `again` is the same work once more in the same process, of both sides.',
    'The last share leaves out what either process held before it read anything: the runtime and the code.',
    '',
    '| case | ours | pandas | ratio | again | our s per million rows | our memory | its memory | share | above the empty process |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...results.map(({ title, seconds: ours, againSeconds, peer, ratio, nRows, peakMb, baseMb }) => {
      const cells = [
        title,
        seconds(ours),
        seconds(peer.seconds),
        ratio.toFixed(2),
        againSeconds === undefined ? '' : (peer.againSeconds! / againSeconds).toFixed(2),
        ((ours / nRows) * 1e6).toFixed(2),
        `${peakMb.toFixed(0)} MiB`,
        `${peer.peakMb.toFixed(0)} MiB`,
        (peakMb / peer.peakMb).toFixed(2),
        ((peakMb - baseMb) / (peer.peakMb - peer.baseMb)).toFixed(2),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
    '',
    'From the feature files to the matrix in the memory of the kernels (reading the bytes is not counted):',
    '',
    ...results.map(
      ({ title, matrix }) =>
        `- ${title}: ${matrix.mb.toFixed(0)} MiB in ${seconds(matrix.seconds)}, ${matrix.copies.toFixed(2)} copies.`,
    ),
    '',
    'Million rows per second of each stage:',
    '',
    ...results.map(
      ({ title, rowsPerSecond, peer }) =>
        `- ${title}: ${rates(rowsPerSecond)}. Pandas: ${rates(peer.rowsPerSecond)}.`,
    ),
  ];
}

function peerText({ name, seconds: time, ratio, quartiles, pairs, gate, error }: PeerResult): string {
  if (error !== undefined) return `${name}: no time (${error})`;
  const half =
    quartiles && pairs > 3
      ? `, half of them ${quartiles.lower.toFixed(1)} to ${quartiles.upper.toFixed(1)}`
      : '';
  const counted = `${pairs} ${pairs === 1 ? 'pair' : 'pairs'}${half}`;
  return `${name} ${seconds(time!)} = ${ratio!.toFixed(1)} × (${counted}${gate ? `; ${gate}` : ''})`;
}
