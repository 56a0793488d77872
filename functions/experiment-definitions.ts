import { randomBytes } from 'node:crypto';
import { experimentNotFound } from './allocate-visitor.ts';
import type { ExperimentBody } from './contracts/api-experiments.ts';
import {
  allocationPolicySchema,
  type ExperimentRecord,
  SEGMENTATION_DEFAULTS,
  type SegmentationChange,
  type SegmentationConfig,
} from './contracts/experiment.ts';
import { ConflictError, InvalidRequestError } from './errors.ts';
import type { ExperimentRef } from './experiment-ports.ts';
import { forgetSnapshot } from './experiment-snapshots.ts';
import { allocationsOf } from './experiments/posteriors.ts';
import { DEFAULT_SEGMENT, modeInForce } from './experiments/segment-key.ts';
import type { Ports } from './ports.ts';

type Stores = Pick<Ports, 'experiments' | 'clock'>;

/** Attempts to become the next revision while others write. */
const ATTEMPTS = 5;

/** Makes an experiment, active at once. @throws InvalidRequestError for a configuration of segmentation that cannot be */
export async function createExperiment(
  { experiments, clock }: Stores,
  tenant: string,
  { name, variants, goals, config, notify_email }: ExperimentBody,
): Promise<ExperimentRecord> {
  const experiment: ExperimentRecord = {
    tenant,
    experiment_id: `exp_${randomBytes(12).toString('hex')}`,
    name,
    status: 'active',
    created_at: clock.now().toISOString(),
    variants: variants.map(({ weight, ...variant }, n) => ({
      variant_id: `v${n}`,
      ...variant,
      weight: weight ?? 1 / variants.length,
    })),
    goals,
    policy: allocationPolicySchema.parse(config.allocation ?? {}),
    segmentation: changedConfig(SEGMENTATION_DEFAULTS, config.segmentation ?? {}),
    ...(notify_email !== undefined && { notify_email }),
    revision: 1,
  };
  if (!(await experiments.create(experiment))) throw new Error('a random id was taken');
  return experiment;
}

/**
 * Changes an experiment, however many do so at once. `change` gets the newest revision and may be called several times; it
 * returns undefined for no change.
 * @throws NotFoundError, ConflictError when others keep changing it
 */
export async function changeExperiment(
  stores: Pick<Ports, 'experiments'>,
  ref: ExperimentRef,
  change: (
    experiment: ExperimentRecord,
  ) => Promise<Partial<ExperimentRecord> | undefined> | Partial<ExperimentRecord> | undefined,
): Promise<ExperimentRecord> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const experiment = await stores.experiments.get(ref);
    if (!experiment) throw experimentNotFound(ref.experiment_id);
    const changes = await change(experiment);
    if (!changes) return experiment;
    const changed = { ...experiment, ...changes, revision: experiment.revision + 1 };
    if (await stores.experiments.update(changed)) {
      forgetSnapshot(stores, ref);
      return changed;
    }
  }
  throw new ConflictError(`Others keep changing the experiment ${ref.experiment_id}. Try again.`, {
    reason: 'revision_conflict',
  });
}

/**
 * Changes the configuration of segmentation where that is safe.
 * @throws ConflictError for a change that would throw away what segments have learned, unless it is `decided`
 */
export async function changeSegmentation(
  stores: Stores,
  ref: ExperimentRef,
  change: SegmentationChange,
  { decided = false }: { decided?: boolean } = {},
): Promise<ExperimentRecord> {
  return changeExperiment(stores, ref, async (experiment) => {
    const former = experiment.segmentation;
    const segmentation = changedConfig(former, change);
    if (!decided && experiment.status === 'active' && discards(former, segmentation)) {
      const learned = await learnedVisitors(stores, ref, experiment);
      if (learned > 0) {
        throw new ConflictError(
          `The segments of this experiment have learned from ${learned} visitors, and the change from ${described(former)} to ${described(segmentation)} would throw that away. ` +
            'Accept a recommendation that makes the change, stop the experiment, or create another one.',
          { reason: 'unsafe_change' },
        );
      }
    }
    return { segmentation };
  });
}

/** A configuration after a change. @throws InvalidRequestError where the two spellings differ, or nothing parts the segments */
export function changedConfig(former: SegmentationConfig, change: SegmentationChange): SegmentationConfig {
  const { auto_activation_enabled: other, ...named } = change;
  if (other !== undefined && named.auto_activation !== undefined && other !== named.auto_activation) {
    throw invalid(
      'auto_activation and auto_activation_enabled are the same setting, and differ',
      '/auto_activation',
    );
  }
  const changed: SegmentationConfig = {
    ...former,
    // A mode that is named is meant: "enabled" says no more than that.
    ...(named.mode !== undefined && { enabled: named.mode !== 'disabled' }),
    ...definedOnly(named),
    ...(other !== undefined && { auto_activation: other }),
  };
  if (changed.mode === 'disabled' && changed.enabled) {
    throw invalid('segmentation cannot be enabled in mode disabled; name mode manual or auto', '/mode');
  }
  if (changed.mode === 'manual' && changed.segment_by.length === 0) {
    throw invalid('mode manual needs at least one field in segment_by', '/segment_by');
  }
  return changed;
}

/** What is left out stays. */
function definedOnly(
  change: Omit<SegmentationChange, 'auto_activation_enabled'>,
): Partial<SegmentationConfig> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

function discards(former: SegmentationConfig, next: SegmentationConfig): boolean {
  const mode = modeInForce(former);
  if (mode === 'disabled') return false;
  return (
    modeInForce(next) !== mode || (mode === 'manual' && String(former.segment_by) !== String(next.segment_by))
  );
}

async function learnedVisitors(
  { experiments }: Stores,
  ref: ExperimentRef,
  { variants }: ExperimentRecord,
): Promise<number> {
  const { segments = [] } = (await experiments.state(ref)) ?? {};
  return segments
    .filter(({ segment }) => segment !== DEFAULT_SEGMENT)
    .reduce((sum, { sums }) => sum + allocationsOf(sums, variants.length), 0);
}

function described(config: SegmentationConfig): string {
  const mode = modeInForce(config);
  return mode === 'manual' ? `manual by ${config.segment_by.join(', ')}` : mode;
}

function invalid(what: string, pointer: string): InvalidRequestError {
  return new InvalidRequestError(`Invalid input: ${what}.`, {
    reason: 'invalid_segmentation',
    errors: [{ in: 'body', pointer, detail: what }],
  });
}
