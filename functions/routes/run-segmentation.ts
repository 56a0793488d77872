import { runPathSchema } from '../contracts/api-runs.ts';
import {
  runSegmentationAnswerSchema,
  runSegmentationQuerySchema,
  treeAnswerSchema,
  treeQuerySchema,
} from '../contracts/api-segmentation-runs.ts';
import { runKeys } from '../contracts/keys.ts';
import { NotFoundError } from '../errors.ts';
import { readJsonIfThere } from '../json-objects.ts';
import type { Ports } from '../ports.ts';
import type { SegmentationDocument } from '../run-segmentation.ts';
import { drillDown } from '../segments/tree.ts';
import { readKeptRun } from './kept-run.ts';
import { defineRoute } from './route.ts';

/** Everything that the analyses of a run found. */
export const runSegmentation = defineRoute({
  method: 'GET',
  path: '/v1/runs/{runId}/segmentation',
  scope: 'runs:read',
  summary: 'What each algorithm of a run found: segments, outliers, tree, selection and advice',
  params: runPathSchema,
  query: runSegmentationQuerySchema,
  status: 200,
  answer: runSegmentationAnswerSchema,
  problems: { 404: 'There is no such run, or it has no analyses.' },
  async handle({ tenant, params: { runId }, query: { algorithm } }, ports) {
    const { segmentations, skipped } = await segmentationOf(ports, tenant, runId);
    const isAsked = (one: { readonly algorithm: string }) =>
      algorithm === undefined || one.algorithm === algorithm;
    return {
      body: {
        runId,
        segmentations: segmentations.filter(isAsked).map(({ labels: _labels, outliers, ...told }) => ({
          ...told,
          ...(outliers && { outliers: outliers.map(({ listed: _listed, ...outlier }) => outlier) }),
        })),
        skipped: skipped.filter(isAsked),
      },
    };
  },
});

/** One level of the tree of segments. */
export const runTree = defineRoute({
  method: 'GET',
  path: '/v1/runs/{runId}/tree',
  scope: 'runs:read',
  summary: 'One node of the tree of segments, and its children',
  params: runPathSchema,
  query: treeQuerySchema,
  status: 200,
  answer: treeAnswerSchema,
  problems: { 404: 'There is no such run or node, or the run made no tree.' },
  async handle({ tenant, params: { runId }, query: { node } }, ports) {
    const { segmentations } = await segmentationOf(ports, tenant, runId);
    const tree = segmentations.find(({ algorithm }) => algorithm === 'hierarchical')?.tree;
    if (tree === undefined) throw notFound(runId, 'has no tree: its configuration or size left it out');
    return { body: { runId, ...drillDown(tree.level_0 as Parameters<typeof drillDown>[0], node) } };
  },
});

async function segmentationOf(
  { runs, objects }: Pick<Ports, 'runs' | 'objects'>,
  tenant: string,
  runId: string,
): Promise<SegmentationDocument> {
  const found = await readKeptRun({ runs }, tenant, runId, async (run) => {
    const key = run && runKeys(run).artifact('segmentation.json');
    return key && (await readJsonIfThere<SegmentationDocument>(objects, key));
  });
  if (found) return found;
  throw notFound(
    runId,
    'is unknown, unfinished, or has no analyses: runs on orders have them where the configuration names "algorithms"',
  );
}

function notFound(runId: string, why: string): NotFoundError {
  return new NotFoundError(`Segmentation not found: run ${runId} ${why}.`, {
    reason: 'no_segmentation',
    runId,
  });
}
