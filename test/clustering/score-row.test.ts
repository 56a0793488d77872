import { describe, expect, it } from 'vitest';
import { scoreRow } from '../../functions/clustering/score-row.ts';
import { InvalidRequestError } from '../../functions/errors.ts';
import { model } from '../routes/api-fixture.ts';

describe('scoreRow', () => {
  it('scales, finds the nearest center and turns distance into confidence', () => {
    const score = scoreRow(model, { recency_days: 40, frequency: 2, monetary: 250 });
    expect(score).toEqual({ label: 1, distance: 1, confidence: 0.8 });
  });

  it('fails for a feature that is missing, and names those that are there', () => {
    const score = () => scoreRow(model, { recency_days: 40, frequency: 2 });
    expect(score).toThrow(InvalidRequestError);
    expect(score).toThrow(/needs the column monetary; found recency_days, frequency/);
  });

  it('fails for a value whose scaled form overflows float32', () => {
    const score = () => scoreRow(model, { recency_days: 40, frequency: 1e40, monetary: 250 });
    expect(score).toThrow(/frequency is 1e\+40, too far from the 5 rows/);
  });
});
