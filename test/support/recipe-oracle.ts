import type { EntityCell, FeatureStep, FittedFeature } from '../../functions/contracts/recipe.ts';

/** One cell through one feature's steps, as the contract of recipes says it in words. */
export function featureOracle({ steps, offset, scale }: FittedFeature, cell: EntityCell): number {
  const value = steps.reduce<number>((x, step) => stepOracle(step, x, cell), Number.NaN);
  return Math.fround((value - offset) / scale);
}

function stepOracle(step: FeatureStep, x: number, cell: EntityCell): number {
  switch (step.step) {
    case 'value':
      return typeof cell === 'number' ? cell : Number.NaN;
    case 'ordinal':
      return step.order.includes(String(cell)) ? step.order.indexOf(String(cell)) : Number.NaN;
    case 'equals':
      return cell === step.value ? 1 : 0;
    case 'other':
      return cell !== null && !step.known.includes(String(cell)) ? 1 : 0;
    case 'isMissing':
      return cell === null ? 1 : 0;
    case 'length':
      return Array.isArray(cell) ? cell.length : 0;
    case 'member':
      return Array.isArray(cell) && cell.includes(step.value) ? 1 : 0;
    case 'recency':
      return typeof cell === 'number'
        ? Math.floor((Date.parse(step.referenceAt) - cell) / 86_400_000)
        : Number.NaN;
    case 'calendar':
      return typeof cell === 'number' ? new Date(cell).getUTCHours() : Number.NaN;
    case 'invert':
      return step.from - x;
    case 'impute':
      return Number.isNaN(x) ? step.value : x;
    case 'clip':
      return Math.min(step.upper, Math.max(step.lower, x));
    case 'log1p':
      return Math.log1p(x);
    case 'cycle':
      return Math[step.wave]((2 * Math.PI * x) / step.period);
  }
}
