import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANNELS } from '../../functions/contracts/experiment.ts';
import { extractContext, type RawContext } from '../../functions/experiments/context.ts';
import {
  displayName,
  manualSegmentKey,
  parentKeys,
  publicKey,
} from '../../functions/experiments/segment-key.ts';

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1';
const IPAD =
  'Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.0 Mobile/15E148 Safari/604.1';
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';
/** A Saturday, 2:30 in UTC: still Friday evening in São Paulo. */
const moment = { atMs: Date.UTC(2026, 10, 28, 2, 30), timeZone: 'UTC' };
const web = (raw: RawContext) => extractContext('web', raw, moment);

describe('the context of a visitor', () => {
  it('is that of the source’s first test', () => {
    const context = web({ utm_source: 'instagram', user_agent: '...' });
    expect(context.source).toBe('instagram');
    expect(['mobile', 'desktop', 'tablet']).toContain(context.device);
  });

  it.each([
    [IPHONE, 'mobile', 'ios', 'safari'],
    [IPAD, 'tablet', 'ios', 'safari'],
    [CHROME, 'desktop', 'windows', 'chrome'],
    ['', 'unknown', 'unknown', 'unknown'],
    ['x'.repeat(100_000), 'unknown', 'unknown', 'unknown'],
  ])('reads device, system and browser of %.60s', (user_agent, device, os, browser) => {
    expect(web({ user_agent })).toMatchObject({ device, os, browser });
  });

  it('believes what the caller says before what the user agent shows', () => {
    expect(web({ user_agent: IPHONE, device: 'Tablet', source: 'google', utm_source: 'bing' })).toMatchObject(
      {
        device: 'tablet',
        source: 'google',
      },
    );
  });

  it('of an e-mail, a funnel and a push has the same keys as of the web', () => {
    const email = {
      list_id: 'newsletter_premium',
      engagement_score: 0.8,
      previous_opens: 15,
      campaign_id: 'summer_promo',
    };
    const funnel = { funnel_id: 'checkout', current_stage: 'payment', drop_risk: 0.3, time_in_funnel: 45 };
    expect(extractContext('email', email, moment)).toMatchObject({
      channel: 'email',
      source: 'email',
      list_id: 'newsletter_premium',
      engagement: 'high',
      previous_opens: 15,
      campaign: 'summer_promo',
    });
    expect(extractContext('funnel', funnel, moment)).toMatchObject({
      channel: 'funnel',
      funnel_id: 'checkout',
      stage: 'payment',
      risk: 'low',
      drop_risk: 0.3,
      time_in_funnel_minutes: 45,
    });
    const keys = CHANNELS.map((channel) => Object.keys(extractContext(channel, {}, moment)).sort());
    expect(new Set(keys.map(String)).size).toBe(1);
  });

  it('has the hour and the weekend of the experiment’s clocks, or of the visitor’s', () => {
    expect(web({})).toMatchObject({ hour: 2, day_part: 'night', is_weekend: true });
    const inBrazil = extractContext('web', {}, { ...moment, timeZone: 'America/Sao_Paulo' });
    expect(inBrazil).toMatchObject({ hour: 23, day_part: 'night', is_weekend: false });
    expect(web({ time_zone: 'Asia/Tokyo' })).toMatchObject({
      hour: 11,
      day_part: 'morning',
      is_weekend: true,
    });
    expect(web({ time_zone: 'Mars/Olympus' }).hour).toBe(2);
  });

  it('says unknown where nothing is said, or nothing that can be read', () => {
    const nothing = JSON.parse(
      '{"__proto__":{"source":"evil"},"constructor":{"device":"x"},"device":{},"country_code":[],"utm_source":" "}',
    );
    expect(web(nothing)).toEqual(web({}));
    expect(({} as Record<string, unknown>).source).toBeUndefined();
    expect(web({ engagement_score: Number.NaN, drop_risk: '0.3' })).toMatchObject({
      engagement: 'unknown',
      drop_risk: null,
    });
  });

  it('never throws, and never lets a value break a key', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything()), fc.string({ unit: 'binary' }), (raw, source) => {
        const context = web({ ...raw, source });
        expect(manualSegmentKey(context, ['source', 'device'])).toMatch(
          /^source:[^|:]{1,48}\|device:[^|:]{1,48}$/u,
        );
      }),
    );
  });
});

describe('the key of a segment', () => {
  it('is that of the source’s second test', () => {
    expect(manualSegmentKey({ source: 'instagram', device: 'mobile' }, ['source', 'device'])).toBe(
      'source:instagram|device:mobile',
    );
  });

  it('keeps the order of the fields, and says unknown for what is missing', () => {
    expect(manualSegmentKey({ source: 'instagram' }, ['device', 'source'])).toBe(
      'device:unknown|source:instagram',
    );
  });

  it('has its shorter keys as parents', () => {
    expect(parentKeys('source:a|device:b|os:c')).toEqual(['source:a|device:b', 'source:a']);
    expect(parentKeys('default')).toEqual([]);
    expect(publicKey('cluster_3#r12')).toBe('cluster_3');
    expect(publicKey('source:a#b')).toBe('source:a#b');
  });

  it.each([
    ['source:instagram', 'Instagram Traffic'],
    ['source:google|device:mobile', 'Google Mobile Users'],
    ['country:br|is_weekend:true', 'BR Weekend Traffic'],
    ['list_id:newsletter_premium', 'Newsletter Premium Traffic'],
    ['source:unknown', 'Unknown Source Traffic'],
    ['default', 'All Visitors'],
    ['other', 'Other Visitors'],
  ])('%s reads %s', (key, name) => expect(displayName(key)).toBe(name));
});
