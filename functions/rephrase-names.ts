import { runKeys } from './contracts/keys.ts';
import type { RunRef } from './contracts/workflow.ts';
import { readJsonIfThere, writeJson } from './json-objects.ts';
import type { Logger } from './observability.ts';
import type { NamePhraser, Ports } from './ports.ts';
import type { SegmentDescription } from './segments/describe.ts';
import type { Locale } from './segments/localized-text.ts';
import { type CheckedName, checkedName, nameFacts, phrasingPrompt } from './segments/name-phrasing.ts';

/** What became of a segment's name, by segment id; stored with the run. */
interface Phrasing {
  readonly modelId: string;
  readonly names: readonly { readonly segmentId: number; readonly outcome: CheckedName }[];
}

/** Longest time that all names of a run may take together, milliseconds. */
const MOST_MS = 20_000;

/**
 * Has a language model rephrase names of segments, where the deployment has one; nothing else of them changes. It is
 * asked once per run: what it said is stored, so that a retry publishes the same. Whatever goes wrong, the name of the rules
 * stays, and `name_rule` says why.
 */
export async function rephraseNames(
  { objects, namePhraser }: Pick<Ports, 'objects' | 'namePhraser'>,
  run: RunRef,
  segments: readonly SegmentDescription[],
  locale: Locale,
  log: Logger,
): Promise<SegmentDescription[]> {
  if (!namePhraser.enabled) return [...segments];
  const key = runKeys(run).phrasing;
  let phrasing = await readJsonIfThere<Phrasing>(objects, key);
  if (phrasing === undefined) {
    phrasing = await asked(namePhraser, segments, locale);
    await writeJson(objects, key, phrasing);
  }
  const { modelId, names } = phrasing;
  const outcomes = new Map(names.map(({ segmentId, outcome }) => [segmentId, outcome]));
  const taken = new Set(segments.map(({ name }) => name));
  return segments.map((segment) => {
    let outcome: CheckedName = outcomes.get(segment.segment_id) ?? { refused: 'it was not asked for' };
    if ('name' in outcome && outcome.name !== segment.name && taken.has(outcome.name))
      outcome = { refused: 'another segment has the same name' };
    if ('refused' in outcome) {
      log.warn('name not rephrased', { segment: segment.segment_id, why: outcome.refused });
      return { ...segment, name_rule: `${segment.name_rule}; not rephrased: ${outcome.refused}` };
    }
    taken.add(outcome.name);
    const name_rule = `${segment.name_rule}; "${segment.name}" rephrased by ${modelId}`;
    return { ...segment, name: outcome.name, name_rule };
  });
}

async function asked(
  phraser: NamePhraser,
  segments: readonly SegmentDescription[],
  locale: Locale,
): Promise<Phrasing> {
  const signal = AbortSignal.timeout(MOST_MS);
  const names = segments.map(async (segment) => {
    const facts = nameFacts(segment, locale);
    if (facts === undefined) return { segmentId: segment.segment_id, outcome: TOO_SMALL };
    const outcome = await phraser.complete(phrasingPrompt(facts), signal).then(
      (answer) => checkedName(answer, facts),
      // The text of a fault may hold anything: its name is enough.
      (error: unknown): CheckedName => ({
        refused: signal.aborted ? 'the model took too long' : `the model failed (${nameOf(error)})`,
      }),
    );
    return { segmentId: segment.segment_id, outcome };
  });
  return { modelId: phraser.modelId, names: await Promise.all(names) };
}

const TOO_SMALL: CheckedName = { refused: 'too few customers to tell anything of' };
const nameOf = (error: unknown) => (error instanceof Error ? error.name : 'unknown');
