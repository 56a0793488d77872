import type { PartialMoments } from '../contracts/artifacts.ts';
import type {
  EntityColumn,
  FeatureSpec,
  PartialEntities,
  PartialFeature,
  PartialSpec,
  RecipeSpec,
} from '../contracts/recipe.ts';
import { InvalidDatasetError } from '../errors.ts';
import { EXACT_BLOCK } from '../stats/exact-sum.ts';
import { QuantileDigest } from '../stats/quantiles.ts';
import type { EntityTable, EntityValues } from './entity-table.ts';
import { columnOf, runSteps } from './feature-steps.ts';
import { MomentsCollector, mergeMoments } from './moments.ts';
import { type UnfittedFeature, unfittedFeatures } from './unfitted-features.ts';
import { Vocabulary } from './vocabulary.ts';

/** Distinct values of a feature that are kept exactly; beyond it quantiles are within 2^-11 of the value. */
const EXACT_VALUES = 4096;

/** Magnitude up to which squares are finite. */
const LARGEST = 1e150;

function tooLarge({ source }: UnfittedFeature, value: number): InvalidDatasetError {
  return new InvalidDatasetError(
    `The column ${source} holds ${value}, beyond ±${LARGEST}: its spread cannot be computed. ` +
      'Correct the value, or name it as missing in the dataset configuration.',
    { reason: 'value_too_large', column: source },
  );
}

/** Collects what fitting a recipe needs to know of the rows of one bucket. */
export class EntityPartials {
  readonly #specs: readonly SpecCollector[];
  #nRows = 0;

  /** @param columns of the entity table, for their units */
  constructor(recipe: RecipeSpec, columns: readonly EntityColumn[], referenceAt: string) {
    this.#specs = recipe.specs.map((spec) => {
      const unit = columns.find(({ name }) => name === spec.column)?.unit ?? '';
      return new SpecCollector(spec, unfittedFeatures(spec, recipe, referenceAt, unit));
    });
  }

  add(table: EntityTable): void {
    this.#nRows += table.nRows;
    for (const spec of this.#specs) spec.add(table);
  }

  toJSON(): PartialEntities {
    return { nRows: this.#nRows, specs: this.#specs.map((spec) => spec.toJSON()) };
  }
}

class SpecCollector {
  readonly #spec: FeatureSpec;
  readonly #features: readonly FeatureCollector[];
  readonly #vocabulary: Vocabulary | undefined;
  #missing = 0;

  constructor(spec: FeatureSpec, features: readonly UnfittedFeature[]) {
    this.#spec = spec;
    const hasLog = spec.kind === 'numeric' && spec.log1p === true;
    this.#features = features.map((feature) => new FeatureCollector(feature, hasLog));
    if (spec.kind === 'onehot' || spec.kind === 'list') this.#vocabulary = new Vocabulary();
  }

  add(table: EntityTable): void {
    for (const feature of this.#features) feature.add(table);
    if (!this.#vocabulary) return;
    const column = columnOf(table, this.#spec.column);
    this.#missing += countTexts(column, table.nRows, this.#vocabulary);
  }

  toJSON(): PartialSpec {
    return {
      features: this.#features.map((feature) => feature.toJSON()),
      vocabulary: this.#vocabulary?.toJSON() ?? null,
      missing: this.#missing,
    };
  }
}

/** Adds the rows per text (each row counts once per text); returns the rows without a value. */
function countTexts(column: EntityValues, nRows: number, vocabulary: Vocabulary): number {
  let missing = 0;
  if (column.type === 'category') {
    const counts = new Float64Array(column.dictionary.length);
    for (const code of column.codes) {
      if (code < 0) missing++;
      else counts[code]!++;
    }
    for (const [code, text] of column.dictionary.entries()) vocabulary.add(text, counts[code]!);
  } else if (column.type === 'list') {
    const { offsets, codes } = column;
    const counts = new Float64Array(column.dictionary.length);
    const lastRow = new Int32Array(column.dictionary.length).fill(-1);
    for (let row = 0; row < nRows; row++) {
      if (column.nulls?.[row] === 1) missing++;
      for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
        const code: number = codes[at]!;
        if (lastRow[code] === row) continue;
        lastRow[code] = row;
        counts[code]!++;
      }
    }
    for (const [code, text] of column.dictionary.entries()) vocabulary.add(text, counts[code]!);
  }
  return missing;
}

/** Room of `FeatureCollector.add`, which never yields half-way. */
const block = new Float64Array(EXACT_BLOCK);

class FeatureCollector {
  readonly #feature: UnfittedFeature;
  readonly #moments = new MomentsCollector();
  readonly #logMoments: MomentsCollector | undefined;
  readonly #digest = new QuantileDigest(EXACT_VALUES);
  #missing = 0;
  #isNegative = false;

  constructor(feature: UnfittedFeature, hasLog: boolean) {
    this.#feature = feature;
    if (hasLog) this.#logMoments = new MomentsCollector();
  }

  add(table: EntityTable): void {
    const { steps, source } = this.#feature;
    const values = runSteps(steps, columnOf(table, source), table.nRows);
    let count = 0;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (Number.isNaN(value)) {
        this.#missing++;
        continue;
      }
      if (!(Math.abs(value) <= LARGEST)) throw tooLarge(this.#feature, value);
      if (value < 0) this.#isNegative = true;
      else this.#logMoments?.add(Math.log1p(value));
      block[count++] = value;
      if (count === block.length) count = this.#addBlock(count);
    }
    this.#addBlock(count);
  }

  /** Adds what the block holds; returns how much is left in it. */
  #addBlock(count: number): number {
    this.#moments.addBlock(block, count);
    this.#digest.addFinite(block, count);
    return 0;
  }

  toJSON(): PartialFeature {
    return {
      missing: this.#missing,
      moments: this.#moments.finish(),
      logMoments: this.#isNegative ? null : (this.#logMoments?.finish() ?? null),
      quantiles: this.#digest.toJSON(),
    };
  }
}

/** One number per row over all rows. */
export interface MergedFeature {
  readonly missing: number;
  readonly moments: PartialMoments;
  readonly logMoments: PartialMoments | null;
  readonly digest: QuantileDigest;
}

/** One spec over all rows. */
export interface MergedSpec {
  readonly features: readonly MergedFeature[];
  readonly vocabulary: Vocabulary;
  readonly missing: number;
}

/** Merges the partials of all buckets; their order changes nothing. At least one. */
export function mergePartials(partials: readonly PartialEntities[]): {
  readonly nRows: number;
  readonly specs: readonly MergedSpec[];
} {
  const [first] = partials;
  return {
    nRows: partials.reduce((sum, { nRows }) => sum + nRows, 0),
    specs: (first?.specs ?? []).map((_, s) => mergeSpecs(partials.map(({ specs }) => specs[s]!))),
  };
}

function mergeSpecs(parts: readonly PartialSpec[]): MergedSpec {
  const vocabulary = new Vocabulary();
  for (const part of parts) if (part.vocabulary) vocabulary.merge(part.vocabulary);
  return {
    features: parts[0]!.features.map((_, f) => mergeFeatures(parts.map(({ features }) => features[f]!))),
    vocabulary,
    missing: parts.reduce((sum, { missing }) => sum + missing, 0),
  };
}

function mergeFeatures(parts: readonly PartialFeature[]): MergedFeature {
  const digest = new QuantileDigest(EXACT_VALUES);
  for (const { quantiles } of parts) digest.mergeEncoded(quantiles);
  const logs = parts.map(({ logMoments }) => logMoments);
  return {
    missing: parts.reduce((sum, { missing }) => sum + missing, 0),
    moments: mergeMoments(parts.map(({ moments }) => moments)),
    logMoments: logs.every((log) => log !== null) ? mergeMoments(logs) : null,
    digest,
  };
}
