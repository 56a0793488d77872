import type { SegmentRecord } from '../contracts/records.ts';
import type { ChildSegment } from '../contracts/segment-drilldown.ts';
import {
  type SegmentNode,
  segmentsChartQuerySchema,
  segmentsChartSchema,
} from '../contracts/segments-chart.ts';
import { sunburstSvg } from '../drilldown/hierarchy-svg.ts';
import { publishedDataset } from './published-run.ts';
import { defineRoute } from './route.ts';

const SVG = 'image/svg+xml';

/** What a dataset serves, as data of a sunburst and as the sunburst itself. */
export const segmentsChart = defineRoute({
  method: 'GET',
  path: '/api/v1/ai/segment_hierarchy_chart',
  scope: 'segments:read',
  credentials: 'either',
  summary: 'Sunburst of the segments that a dataset serves',
  description:
    'Segments, and the parts of those that were drilled into (`POST /v1/segments/{segmentId}/drilldown`). JSON that fits any sunburst or treemap, or with `format=svg` or `Accept: image/svg+xml` a self-contained picture for a slide.',
  query: segmentsChartQuerySchema,
  status: 200,
  answer: segmentsChartSchema,
  answerTexts: [SVG],
  problems: { 404: 'Nothing is published.' },
  async handle({ tenant, query: { dataset: name, format, title, locale }, accept }, ports) {
    const { dataset, currentRunId: runId } = await publishedDataset(ports, tenant, name);
    const segments = await ports.segments.segments(tenant, dataset, runId);
    const parts = await Promise.all(
      segments.map(({ segment_id: segmentId }) =>
        ports.childSegments.shown({ tenant, dataset, runId, segmentId }),
      ),
    );
    const root = {
      id: '',
      name: dataset,
      size: segments.reduce((sum, { size }) => sum + size, 0),
      share: 1,
      children: segments.map((segment, i) => nodeOf(segment, parts[i]?.children ?? [])),
    };
    const body = { dataset, runId, root };
    const wantsSvg = format === undefined ? accept.includes(SVG) : format === 'svg';
    const vary = { headers: { vary: 'Accept' } };
    if (!wantsSvg) return { body, ...vary };
    return {
      body,
      text: { type: SVG, text: sunburstSvg(root, { title: title ?? dataset, locale }) },
      ...vary,
    };
  },
});

function nodeOf(
  { segment_id, name, size, share }: SegmentRecord,
  parts: readonly ChildSegment[],
): SegmentNode {
  const below = Map.groupBy(parts, ({ parent_id }) => parent_id);
  const childrenOf = (id: string): Pick<SegmentNode, 'children'> => {
    const children = below.get(id)?.map((part) => ({
      id: part.id,
      name: part.name,
      size: part.size,
      share: part.share,
      ...childrenOf(part.id),
    }));
    return children ? { children } : {};
  };
  const id = String(segment_id);
  return { id, name, size, share, ...childrenOf(id) };
}
