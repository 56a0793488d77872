import type { LabelSource } from './contracts/records.ts';
import type { OpenedFormerRun } from './former-run.ts';

/**
 * Most runs that the labels of one may lie in. The run after that writes all of its labels: a read goes through a bounded
 * number of items, and runs of long ago can be deleted.
 */
export const MOST_LABEL_SOURCES = 12;

/** Runs whose labels hold where a new run writes none; empty where it has to write all of its labels. */
export function inheritedSources(former: OpenedFormerRun | undefined): readonly LabelSource[] {
  if (former === undefined || former.labelSources.length >= MOST_LABEL_SOURCES) return [];
  return former.labelSources;
}
